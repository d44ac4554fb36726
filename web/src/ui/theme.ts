/* Light, dark or of high contrast: as chosen, or as the system asks for. The wall stays paper, it is what the
 * server draws; all around it follows. What is chosen stands at <html> as data-scheme and data-contrast, which
 * style.css reads. */
import type { Settings } from '../net/settings.ts';

export const THEMES = ['auto', 'light', 'dark', 'contrast'] as const;
export type ThemeName = (typeof THEMES)[number];

const changes = new Set<() => void>();

/* For what is painted instead of styled. */
export function whenThemeChanges(run: () => void): () => void {
  changes.add(run);
  return () => changes.delete(run);
}

export class Theme {
  private readonly dark = matchMedia('(prefers-color-scheme: dark)');
  private readonly more = matchMedia('(prefers-contrast: more)');
  private chosen: ThemeName;

  constructor(private readonly settings: Settings) {
    const kept = settings.get('theme');
    this.chosen = THEMES.find((theme) => theme === kept) ?? 'auto';
    this.dark.addEventListener('change', () => this.apply());
    this.more.addEventListener('change', () => this.apply());
    this.apply();
  }

  get name(): ThemeName {
    return this.chosen;
  }

  choose(name: ThemeName): void {
    this.chosen = name;
    this.settings.set('theme', name);
    this.apply();
  }

  private apply(): void {
    const { chosen, dark, more } = this;
    const isDark = chosen === 'dark' || (chosen !== 'light' && dark.matches);
    const isStrong = chosen === 'contrast' || (chosen === 'auto' && more.matches);
    const { dataset } = document.documentElement;
    dataset['scheme'] = isDark ? 'dark' : 'light';
    dataset['contrast'] = isStrong ? 'more' : 'normal';
    changes.forEach((run) => run());
  }
}
