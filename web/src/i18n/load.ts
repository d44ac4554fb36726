/* Brings the page's language before anything is shown: English is there, another is one file. */
import { setLanguage, message, type Messages } from './i18n.ts';
import { chooseLanguage, type Language } from './languages.ts';

/* The file is small; a server that does not give it in this time would keep the wall away. */
const LATE_MS = 4_000;

export function messagesUrl(code: string): string {
  return `/messages/${code}.json`;
}

async function fetchMessages(code: string): Promise<Messages | null> {
  const giveUp = new AbortController();
  const timer = window.setTimeout(() => giveUp.abort(), LATE_MS);
  try {
    const response = await fetch(messagesUrl(code), { signal: giveUp.signal });
    return response.ok ? ((await response.json()) as Messages) : null;
  } catch {
    return null; /* offline and never loaded, or late: English then */
  } finally {
    window.clearTimeout(timer);
  }
}

export async function speak(wanted: unknown): Promise<Language> {
  const own = typeof wanted === 'string' ? wanted : null;
  const { language, locale } = chooseLanguage(own, navigator.languages);
  const root = document.documentElement;
  const messages = language.code === 'en' ? undefined : await fetchMessages(language.code);
  if (messages !== null) {
    setLanguage(locale, messages);
    root.lang = language.code;
    root.dir = language.direction;
  }
  document.title = message('app.title');
  return language;
}
