/* The stylesheet of a panel comes with its code. */
import { element } from './dom.ts';

const loaded = new Map<string, Promise<void>>();

/* Resolves also when it could not be loaded: a plain panel is better than none. */
export function loadStyles(name: string): Promise<void> {
  let loading = loaded.get(name);
  if (loading === undefined) {
    loading = new Promise((resolve) => {
      const link = element('link', { rel: 'stylesheet', href: `/${name}.css` });
      link.addEventListener('load', () => resolve());
      link.addEventListener('error', () => resolve());
      document.head.append(link);
    });
    loaded.set(name, loading);
  }
  return loading;
}
