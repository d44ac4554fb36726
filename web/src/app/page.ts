/* The page's own life: leaving, coming back, being out of sight. */
import { keepAlive } from '../net/storage.ts';
import type { App } from './app.ts';

const RESCUE_EVERY_MS = 15_000;
const TICK_MS = 500;
const REST_AFTER_MS = 120_000;

export function listenPage(app: App): void {
  window.addEventListener('beforeunload', (event) => {
    if (app.unsaved > 0 || app.hand.isDrawing) {
      event.preventDefault();
      event.returnValue = '';
    }
  });
  window.addEventListener('pagehide', () => {
    app.hand.end();
    app.releaseJournal();
    app.rescue.release();
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) {
      app.releaseJournal = keepAlive(app.storage, app.journal.nonce);
      app.session.connection.retryNow();
    }
  });
  window.addEventListener('online', () => app.session.connection.retryNow());
  window.addEventListener('hashchange', () => {
    app.placeFromAddress();
    app.doors.addressChanged();
  });
  let restTimer = 0;
  document.addEventListener('visibilitychange', () => {
    window.clearTimeout(restTimer);
    if (!document.hidden) {
      app.session.connection.retryNow();
      app.wall.request();
    } else {
      restTimer = window.setTimeout(() => app.rest(), REST_AFTER_MS);
    }
  });
  window.setInterval(() => {
    app.others.tick(performance.now());
    if (app.others.pens.size > 0 || app.chrome.labels.isShowing) {
      app.wall.request();
    }
  }, TICK_MS);
  if (!app.page.isWatching) {
    window.setInterval(() => {
      app.rescue.find();
      if (app.session.canDraw) {
        app.rescue.run();
      } else if (app.rescue.size > 0) {
        app.session.identify();
      }
    }, RESCUE_EVERY_MS);
  }
}
