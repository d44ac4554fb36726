// Frames of a page while something is done: the time from one to the next, and what its main thread worked for each.
import { quantile } from '../support/table.mjs';

const CATEGORIES = ['-*', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'toplevel'];

async function traceOf(browser, page, act) {
  const cdp = await browser.newBrowserCDPSession();
  const events = [];
  cdp.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value) {
      events.push(event);
    }
  });
  await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: CATEGORIES.slice(1), excludedCategories: ['*'] } });
  await act();
  const done = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve));
  await cdp.send('Tracing.end');
  await done;
  await cdp.detach();
  return events;
}

/** The main thread that had most frames: the page's. */
function busiest(events) {
  const count = new Map();
  for (const { name, pid, tid } of events) {
    if (name === 'FireAnimationFrame') {
      const key = `${pid}/${tid}`;
      count.set(key, (count.get(key) ?? 0) + 1);
    }
  }
  return [...count].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

/** Work in ms for each frame: all tasks of the main thread from one animation frame to the next. */
function workOf(events) {
  const thread = busiest(events);
  const own = events.filter(({ pid, tid }) => `${pid}/${tid}` === thread);
  const frames = own.filter(({ name }) => name === 'FireAnimationFrame').map(({ ts }) => ts).sort((a, b) => a - b);
  const tasks = own.filter(({ name, dur }) => name === 'RunTask' && dur > 0).sort((a, b) => a.ts - b.ts);
  const work = frames.map(() => 0);
  let at = 0;
  for (const { ts, dur } of tasks) {
    /* A task that fires the frame began a moment before it. */
    while (at + 1 < frames.length && frames[at + 1] <= ts + dur) {
      at++;
    }
    if (frames.length > 0 && ts + dur >= frames[0]) {
      work[at] += dur / 1000;
    }
  }
  return work.slice(1, -1);
}

/** Runs `act`; frames in ms and the main thread's work in ms a frame. */
export async function measure(browser, page, act) {
  let gaps = [];
  const events = await traceOf(browser, page, async () => {
    await page.evaluate(() => {
      window.gaps = [];
      let before = null;
      const each = (now) => {
        if (before !== null) {
          window.gaps.push(now - before);
        }
        before = now;
        window.gapTimer = requestAnimationFrame(each);
      };
      window.gapTimer = requestAnimationFrame(each);
    });
    await act();
    gaps = await page.evaluate(() => {
      cancelAnimationFrame(window.gapTimer);
      return window.gaps;
    });
  });
  const work = workOf(events);
  return {
    frames: gaps.length,
    median: quantile(gaps, 0.5),
    p99: quantile(gaps, 0.99),
    perSecond: (1000 * gaps.length) / gaps.reduce((a, b) => a + b, 0),
    workMedian: work.length > 0 ? quantile(work, 0.5) : NaN,
    workP99: work.length > 0 ? quantile(work, 0.99) : NaN,
  };
}
