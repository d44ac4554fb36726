/* Excalidraw's own component, alone on a page, with the strokes that frames.mjs gives it. */
import { Excalidraw } from '@excalidraw/excalidraw';
import '@excalidraw/excalidraw/index.css';
import { createRoot } from 'react-dom/client';

const root = createRoot(document.querySelector('#root'));

/** Mounts it with these; resolves with the ms until a frame with them was there. */
globalThis.mountStrokes = async (elements, zoom) => {
  const began = performance.now();
  const api = await new Promise((resolve) => {
    const appState = {
      zoom: { value: zoom },
      scrollX: innerWidth / 2 / zoom,
      scrollY: innerHeight / 2 / zoom,
      activeTool: { type: 'freedraw' },
    };
    root.render(<Excalidraw initialData={{ elements, appState }} excalidrawAPI={resolve} />);
  });
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  /* It leaves out strokes of one point. */
  while (api.getAppState().isLoading || api.getSceneElements().length === 0) {
    await frame();
  }
  await frame();
  await frame();
  globalThis.excalidraw = api;
  return performance.now() - began;
};
globalThis.isMountable = true;
