/* A toolbar is one stop of the Tab key; arrows go from button to button in it (ARIA's toolbar pattern). Panels
 * that open beside a button keep their own keys. */

function stopsOf(bar: HTMLElement): HTMLElement[] {
  const all = bar.querySelectorAll<HTMLElement>('button:not(:disabled)');
  return [...all].filter((each) => each.closest('.panel') === null && each.offsetParent !== null);
}

function setStop(bar: HTMLElement, stop: HTMLElement | undefined): void {
  for (const each of bar.querySelectorAll<HTMLElement>('button')) {
    if (each.closest('.panel') === null) {
      each.tabIndex = each === stop ? 0 : -1;
    }
  }
}

export function makeRoving(bar: HTMLElement): void {
  const settle = (): void => {
    const stops = stopsOf(bar);
    const current = stops.find((each) => each.tabIndex === 0);
    setStop(bar, current ?? stops[0]);
  };
  bar.addEventListener('focusin', (event) => {
    const stop = stopsOf(bar).find((each) => each === event.target);
    if (stop !== undefined) {
      setStop(bar, stop);
    }
  });
  bar.addEventListener('keydown', (event) => {
    const stops = stopsOf(bar);
    const at = stops.indexOf(event.target as HTMLElement);
    const isBackwards = document.documentElement.dir === 'rtl';
    const steps: Record<string, number> = {
      ArrowRight: isBackwards ? -1 : 1,
      ArrowLeft: isBackwards ? 1 : -1,
      ArrowDown: 1,
      ArrowUp: -1,
      Home: -at,
      End: stops.length - 1 - at,
    };
    const step = steps[event.key];
    if (at >= 0 && step !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      stops[(at + step + stops.length) % stops.length]!.focus();
    }
  });
  /* The one that Tab led to may have been disabled, or hidden on a narrower screen. */
  const look = { attributes: true, childList: true, subtree: true, attributeFilter: ['disabled', 'hidden'] };
  new MutationObserver(settle).observe(bar, look);
  new ResizeObserver(settle).observe(bar);
  settle();
}
