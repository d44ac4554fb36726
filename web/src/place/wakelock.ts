/* Keeps the screen of a hall awake, where the browser may. The lock goes when the page is hidden, and is asked for
 * again when it is back. */
export function stayAwake(): void {
  const wake = (): void => {
    if (!document.hidden && 'wakeLock' in navigator) {
      navigator.wakeLock.request('screen').catch(() => undefined); /* no power, or not allowed */
    }
  };
  document.addEventListener('visibilitychange', wake);
  wake();
}
