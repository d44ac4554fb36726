/* A list that is made anew under somebody's fingers: the focus stays at what it was at, or at the first thing that can have it. */
export function keepingFocus(root: HTMLElement, render: () => void): void {
  const focused = document.activeElement as HTMLElement | null;
  const isInside = focused !== null && root.contains(focused);
  const keyOf = (made: HTMLElement): string | null => made.dataset['key'] ?? made.getAttribute('aria-label');
  const key = isInside ? keyOf(focused) : null;
  render();
  if (isInside && !root.contains(focused)) {
    const all = [...root.querySelectorAll<HTMLElement>('button, input, select')].filter((made) => made.offsetParent !== null);
    const same = all.find((made) => keyOf(made) === key);
    (same ?? all[0])?.focus({ preventScroll: same !== undefined });
  }
}
