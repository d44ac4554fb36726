/* The service worker is asked for when the wall stands and the server is there: nothing of the first visit
 * waits for it. Asking again looks for a newer one: the server that came back may be another. Plain http
 * to another host has no workers: such a page needs the server to start. */
import { messagesUrl } from '../i18n/load.ts';

const AFTER_MS = 2_000;

/* Then there is time for what may be needed without the server. */
const KEEP_AFTER_MS = 3_000;

export function askForWorker(isConnected: () => boolean): void {
  if (!('serviceWorker' in navigator)) {
    return;
  }
  window.setTimeout(() => {
    if (isConnected()) {
      navigator.serviceWorker.register('/worker.js').then(keepMore, () => {
        /* forbidden, or the server went: the next connection asks again */
      });
    }
  }, AFTER_MS);
}

/* Not of those who pay for each byte: they get it when they ask for it. */
function keepMore(): void {
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean } };
  const code = document.documentElement.lang;
  const language = code === 'en' ? '' : messagesUrl(code);
  const tell = (worker: ServiceWorkerRegistration): void => worker.active?.postMessage({ keep: language });
  if (connection?.saveData !== true) {
    window.setTimeout(() => void navigator.serviceWorker.ready.then(tell), KEEP_AFTER_MS);
  }
}
