/* The service worker is asked for when the wall stands and the server is there: nothing of the first visit
 * waits for it. Asking again looks for a newer one: the server that came back may be another. Plain http
 * to another host has no workers: such a page needs the server to start. */
import { messagesUrl } from '../i18n/load.ts';

const AFTER_MS = 2_000;

export function askForWorker(isConnected: () => boolean): void {
  if (!('serviceWorker' in navigator)) {
    return;
  }
  window.setTimeout(() => {
    if (isConnected()) {
      keepLanguage();
      navigator.serviceWorker.register('/worker.js').catch(() => {
        /* forbidden, or the server went: the next connection asks again */
      });
    }
  }, AFTER_MS);
}

/* The page's language came before there was a worker to keep it. */
function keepLanguage(): void {
  const code = document.documentElement.lang;
  if (code !== 'en' && navigator.serviceWorker.controller === null) {
    const again = (): void => void fetch(messagesUrl(code)).catch(() => null);
    navigator.serviceWorker.addEventListener('controllerchange', again, { once: true });
  }
}
