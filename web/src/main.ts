/* The page begins here: the ink kernel is fetched, the canvas is sized, the app starts. */
import { App } from "./app/app.ts";
import { exposeDebug } from "./app/debug.ts";
import type { Viewport } from "./core/camera.ts";
import { Ink } from "./ink.ts";

/* The canvas in whole device pixels, where the browser tells them exactly. */
function watchSize(canvas: HTMLCanvasElement, resized: (viewport: Viewport) => void): void {
  const tell = (devicePx: { width: number; height: number } | null): void => {
    const ratio = window.devicePixelRatio || 1;
    const box = canvas.getBoundingClientRect();
    const width = devicePx === null ? Math.round(box.width * ratio) : devicePx.width;
    const height = devicePx === null ? Math.round(box.height * ratio) : devicePx.height;
    resized({ width: width / ratio, height: height / ratio, ratio });
  };
  const observer = new ResizeObserver(([entry]) => {
    const exact = entry?.devicePixelContentBoxSize?.[0];
    tell(exact === undefined ? null : { width: exact.inlineSize, height: exact.blockSize });
  });
  try {
    observer.observe(canvas, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(canvas);
    window.addEventListener("resize", () => tell(null));
  }
  tell(null);
}

async function start(): Promise<void> {
  const canvas = document.querySelector<HTMLCanvasElement>("#wall")!;
  const ink = await Ink.load(fetch("/ink.wasm"));
  let app: App | null = null;
  let viewport: Viewport | null = null;
  watchSize(canvas, (size) => {
    viewport = size;
    app?.wall.resize(size);
  });
  app = new App(canvas, ink, viewport!);
  exposeDebug(app);
}

start().catch((error: unknown) => {
  console.error(error);
  const note = document.createElement("p");
  note.className = "toast";
  note.textContent = "This browser could not start the wall. Reload, or try a newer one.";
  document.body.append(note);
});
