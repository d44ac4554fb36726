/* The page begins here: the ink kernel is fetched, the canvas is sized, the app starts. */
import { App } from './app/app.ts';
import { exposeDebug } from './app/debug.ts';
import { openKeeping, type Keeping } from './app/keeping.ts';
import { parsePage } from './core/address.ts';
import type { Viewport } from './core/camera.ts';
import { Ink } from './ink.ts';
import { message } from './i18n/i18n.ts';
import { speak } from './i18n/load.ts';

/* The canvas in whole device pixels, as the browser tells them exactly, where it does. (An emulated
 * screen tells the real one's: what is not within a pixel of the ratio is not believed.) */
function watchSize(canvas: HTMLCanvasElement, resized: (viewport: Viewport) => void): void {
  const tell = (exact: ResizeObserverSize | undefined): void => {
    const ratio = window.devicePixelRatio || 1;
    const box = canvas.getBoundingClientRect();
    const pick = (css: number, devicePx: number | undefined): number =>
      devicePx !== undefined && Math.abs(devicePx - css * ratio) <= 1
        ? devicePx
        : Math.round(css * ratio);
    const width = pick(box.width, exact?.inlineSize);
    const height = pick(box.height, exact?.blockSize);
    resized({ width: width / ratio, height: height / ratio, ratio });
  };
  const observer = new ResizeObserver(([entry]) => tell(entry?.devicePixelContentBoxSize?.[0]));
  try {
    observer.observe(canvas, { box: 'device-pixel-content-box' });
  } catch {
    observer.observe(canvas);
    window.addEventListener('resize', () => tell(undefined));
  }
  watchRatio(() => tell(undefined));
  tell(undefined);
}

/* Another screen, or the page's own zoom: the same size in other pixels. */
function watchRatio(changed: () => void): void {
  const query = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
  const once = (): void => {
    changed();
    watchRatio(changed);
  };
  query.addEventListener('change', once, { once: true });
}

/* What is kept tells the language; nothing is shown before it is there. */
async function openInLanguage(canvas: string): Promise<Keeping> {
  const keeping = await openKeeping(canvas);
  await speak(keeping.settings.get('language'));
  return keeping;
}

async function start(): Promise<void> {
  const canvas = document.querySelector<HTMLCanvasElement>('#wall')!;
  const { canvas: name } = parsePage(location.pathname, location.search);
  const [ink, keeping] = await Promise.all([Ink.load(fetch('/ink.wasm')), openInLanguage(name)]);
  canvas.setAttribute('aria-label', message('wall.label'));
  let app: App | null = null;
  let viewport: Viewport | null = null;
  watchSize(canvas, (size) => {
    viewport = size;
    app?.wall.resize(size);
  });
  app = new App(canvas, ink, viewport!, keeping);
  exposeDebug(app);
}

start().catch((error: unknown) => {
  console.error(error);
  const note = document.createElement('p');
  note.className = 'toast';
  note.textContent = message('app.notStarted');
  document.body.append(note);
});
