// What a loaded machine does to a test, on purpose, to find what was too early or too late by luck: KOLAM_STARVE=1 makes
// each page's processor six times slower, stops the servers for up to a second and a half again and again, and the test
// itself for a second between any two of its steps. KOLAM_STARVE may name some of the three: page,server,test.
const asked = (process.env.KOLAM_STARVE ?? '').replace(/^1$/, 'page,server,test').split(',');
const SLOWER = 6;
const STEP_STOPS = 0.04; /* of the steps */
const STOP_MS = 1_000;

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** `methods` of all objects of this one's kind stop now and then before they begin. */
const slowed = new WeakSet();
function slowSteps(object, methods) {
  const kind = Object.getPrototypeOf(object);
  if (slowed.has(kind)) {
    return;
  }
  slowed.add(kind);
  for (const method of methods.filter((name) => typeof kind[name] === 'function')) {
    const own = kind[method];
    kind[method] = async function (...args) {
      if (Math.random() < STEP_STOPS) {
        await rest(STOP_MS);
      }
      return own.apply(this, args);
    };
  }
}

/** A page, whatever browser it is in, from its opening on. */
export async function starvePage(page) {
  if (asked.includes('test')) {
    slowSteps(page, ['evaluate', 'waitForFunction', 'reload', 'goto', 'setViewportSize']);
    slowSteps(page.mouse, ['move', 'down', 'up', 'wheel', 'click']);
    slowSteps(page.keyboard, ['press', 'down', 'up', 'type']);
    slowSteps(page.locator('body'), ['click', 'fill', 'waitFor', 'press', 'focus', 'innerText', 'boundingBox']);
  }
  if (asked.includes('page') && page.context?.().newCDPSession) {
    const client = await page.context().newCDPSession(page);
    await client.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  }
}

/** A server's process, until it ends. */
export async function starveServer(child) {
  while (asked.includes('server') && child.exitCode === null && child.signalCode === null) {
    await rest(200 + 2_000 * Math.random());
    child.kill('SIGSTOP');
    await rest(300 + 1_200 * Math.random());
    child.kill('SIGCONT');
  }
}
