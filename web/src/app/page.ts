/* The page's own life: leaving, coming back, being out of sight. */
import type { App } from './app.ts';

const LOOK_EVERY_MS = 5_000;
const TICK_MS = 500;
const REST_AFTER_MS = 120_000;

export function listenPage(app: App): void {
  window.addEventListener('beforeunload', (event) => {
    if (app.unkept > 0) {
      event.preventDefault();
      event.returnValue = '';
    }
  });
  window.addEventListener('pagehide', () => {
    app.hand.end();
    app.keeping.release?.();
    app.rescue.release();
  });
  window.addEventListener('pageshow', (event) => {
    /* Its journals may be another page's by now. */
    if (event.persisted) {
      location.reload();
    }
  });
  window.addEventListener('online', () => app.session.connection.retryNow());
  /* The connection may still seem to be there. If it is (the server is this machine), it is back in a
   * moment. */
  window.addEventListener('offline', () => app.session.connection.reconnect());
  /* As it was then: the view may have written its own since. */
  window.addEventListener('hashchange', (event) => {
    const { hash } = new URL(event.newURL);
    app.placeFromAddress(hash);
    app.doors.addressChanged(hash);
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
    window.setInterval(() => void lookAround(app), LOOK_EVERY_MS);
  }
}

/* Journals that other pages left since; room for what could not be kept. */
async function lookAround(app: App): Promise<void> {
  await app.keeping.store.retry();
  app.journal.keepAgain();
  await app.keeping.bringLegacy();
  await app.rescue.find();
  if (app.rescue.hasWork && !app.session.canDraw) {
    app.session.identify();
  }
}
