/* Every text that a person sees or hears, in the page's language. The texts are ICU messages, parsed at
 * build (messages.mjs); English is in the bundle and stands in for what a language lacks. No DOM, no
 * network: load.ts brings a language and sets it here before anything is shown. */
import { IntlMessageFormat } from 'intl-messageformat';
import written from './en.json';

export type MessageId = keyof typeof written;
export type Values = Record<string, string | number | Date>;
type Tree = Exclude<ConstructorParameters<typeof IntlMessageFormat>[0], string>;
export type Messages = Partial<Record<MessageId, string | Tree>>;

const english = written as unknown as Required<Messages>;

let own: Messages = english;
let ownLocale = 'en';
const formats = new Map<MessageId, IntlMessageFormat>();
const intls = new Map<string, unknown>();

/* What a start does without comes with the panel that needs it (build.mjs leaves it out of the bundle). */
export function addEnglish(messages: Messages): void {
  Object.assign(english, messages);
}

export function setLanguage(locale: string, messages: Messages = english): void {
  own = messages;
  ownLocale = locale;
  formats.clear();
  intls.clear();
}

/* What to give to Intl. */
export function locale(): string {
  return ownLocale;
}

export function message(id: MessageId, values?: Values): string {
  const text = own[id];
  return text === undefined
    ? fill(id, english[id], 'en', values)
    : fill(id, text, ownLocale, values);
}

/* In English, whatever the page's language: what is known by that name, too, is found by it. */
export function englishOf(id: MessageId, values?: Values): string {
  const text = english[id];
  return typeof text === 'string' ? text : String(new IntlMessageFormat(text, 'en').format(values));
}

function fill(
  id: MessageId,
  text: string | Tree,
  textLocale: string,
  values: Values | undefined,
): string {
  if (typeof text === 'string') {
    return text;
  }
  let format = formats.get(id);
  if (format === undefined) {
    format = new IntlMessageFormat(text, textLocale);
    formats.set(id, format);
  }
  return String(format.format(values));
}

function kept<T>(kind: string, options: object, make: () => T): T {
  const key = kind + JSON.stringify(options);
  let made = intls.get(key) as T | undefined;
  if (made === undefined) {
    made = make();
    intls.set(key, made);
  }
  return made;
}

export function formatNumber(value: number, options: Intl.NumberFormatOptions = {}): string {
  return kept('number', options, () => new Intl.NumberFormat(ownLocale, options)).format(value);
}

export function formatTime(timeMs: number, options: Intl.DateTimeFormatOptions): string {
  return kept('time', options, () => new Intl.DateTimeFormat(ownLocale, options)).format(timeMs);
}

/* `-3, 'day'`: three days ago. */
export function formatAgo(value: number, unit: Intl.RelativeTimeFormatUnit): string {
  const options = { numeric: 'auto' } as const;
  return kept('ago', options, () => new Intl.RelativeTimeFormat(ownLocale, options)).format(
    value,
    unit,
  );
}

export function formatList(names: readonly string[]): string {
  const options = { style: 'long', type: 'conjunction' } as const;
  return kept('list', options, () => new Intl.ListFormat(ownLocale, options)).format(names);
}
