/* The languages there are, and which one a page speaks. Pure. */

export interface Language {
  code: string;
  name: string; /* as those who speak it call it */
  direction: 'ltr' | 'rtl';
}

export const LANGUAGES: readonly Language[] = [
  { code: 'en', name: 'English', direction: 'ltr' },
  { code: 'de', name: 'Deutsch', direction: 'ltr' },
  { code: 'es', name: 'Español', direction: 'ltr' },
  { code: 'fr', name: 'Français', direction: 'ltr' },
  { code: 'hi', name: 'हिन्दी', direction: 'ltr' },
  { code: 'ta', name: 'தமிழ்', direction: 'ltr' },
  { code: 'ar', name: 'العربية', direction: 'rtl' },
  { code: 'zh', name: '简体中文', direction: 'ltr' },
];

export interface Chosen {
  language: Language;
  /* For dates, numbers and plural forms: with the region, where the browser names one. */
  locale: string;
}

/* `wanted`: the person's own choice; else the first of the browser's that there is. */
export function chooseLanguage(wanted: string | null, browsers: readonly string[]): Chosen {
  const baseOf = (tag: string): string => tag.toLowerCase().split('-')[0]!;
  const known = (code: string): Language | undefined =>
    LANGUAGES.find((language) => language.code === code);
  const own = wanted === null ? undefined : known(baseOf(wanted));
  if (own !== undefined) {
    const local = browsers.find((tag) => baseOf(tag) === own.code);
    return { language: own, locale: local ?? own.code };
  }
  for (const tag of browsers) {
    const language = known(baseOf(tag));
    if (language !== undefined) {
      return { language, locale: tag };
    }
  }
  return { language: LANGUAGES[0]!, locale: 'en' };
}
