/* Keys as commands name them: 'p', 'shift+r', 'mod+shift+z', 'alt+arrowleft', '?'. `mod` is Control, on a Mac
 * Command. A letter is the letter that the key writes; on a keyboard that writes another script, the one at
 * that place of a Latin keyboard. Pure. */
import { message, type MessageId } from '../i18n/i18n.ts';

export interface Press {
  key: string;
  code: string;
  isShift: boolean;
  isAlt: boolean;
  isMod: boolean; /* Control or Command */
  isAltGraph: boolean;
}

const BY_CODE: Record<string, string> = {
  BracketLeft: '[',
  BracketRight: ']',
  Minus: '-',
  Equal: '=',
  Comma: ',',
  Period: '.',
  Slash: '/',
  NumpadAdd: '+',
  NumpadSubtract: '-',
};

/* What a key of a US keyboard at that place writes. */
function latinOf(code: string): string | null {
  const match = /^(?:Key([A-Z])|(?:Digit|Numpad)(\d))$/.exec(code);
  return match === null ? (BY_CODE[code] ?? null) : (match[1] ?? match[2]!).toLowerCase();
}

/* The names that a press may go by, the likeliest first. */
export function chordsOf(press: Press): string[] {
  const key = press.key === ' ' ? 'space' : press.key.toLowerCase();
  const name = (base: string, isShift: boolean): string =>
    [
      ...(press.isMod && !press.isAltGraph ? ['mod'] : []),
      ...(press.isAlt && !press.isAltGraph ? ['alt'] : []),
      ...(isShift ? ['shift'] : []),
      base,
    ].join('+');
  const latin = latinOf(press.code);
  const byPlace = latin === null ? [] : [name(latin, press.isShift)];
  /* Option writes other letters on a Mac. */
  if (press.isAlt && !press.isAltGraph && key.length === 1) {
    return [...byPlace, name(key, press.isShift)];
  }
  if (key.length > 1 || /^[a-z]$/.test(key)) {
    return [name(key, press.isShift)];
  }
  /* What is written says already that Shift was held; but a digit is asked for by its place. */
  const written = name(key, false);
  const isDigit = press.isShift && latin !== null && /\d/.test(latin) && !/\d/.test(key);
  return isDigit ? [...byPlace, written] : [written, ...byPlace];
}

const NAMES: Record<string, MessageId> = {
  mod: 'key.ctrl',
  shift: 'key.shift',
  alt: 'key.alt',
  space: 'key.space',
  escape: 'key.escape',
  enter: 'key.enter',
  delete: 'key.delete',
  backspace: 'key.backspace',
  home: 'key.home',
  end: 'key.end',
  tab: 'key.tab',
  pageup: 'key.pageUp',
  pagedown: 'key.pageDown',
};
const SIGNS: Record<string, string> = {
  arrowleft: '←',
  arrowright: '→',
  arrowup: '↑',
  arrowdown: '↓',
};
const MAC_SIGNS: Record<string, string> = { mod: '⌘', shift: '⇧', alt: '⌥' };

/* `+` alone is a key, too. */
function partsOf(chord: string): string[] {
  return chord === '+' ? ['+'] : chord.replace(/\+\+$/, '+plus').split('+');
}

/* As it is written on the keys, for people: ['Ctrl', 'Shift', 'Z']. */
export function keyCaps(chord: string, isMac: boolean): string[] {
  return partsOf(chord).map((part) => {
    const sign = (isMac ? MAC_SIGNS[part] : undefined) ?? SIGNS[part];
    const name = NAMES[part];
    return sign ?? (name !== undefined ? message(name) : part === 'plus' ? '+' : part.toUpperCase());
  });
}

/* For aria-keyshortcuts: 'Control+Shift+Z'. */
export function ariaKeys(chord: string, isMac: boolean): string {
  const names: Record<string, string> = {
    mod: isMac ? 'Meta' : 'Control',
    space: 'Space',
    arrowleft: 'ArrowLeft',
    arrowright: 'ArrowRight',
    arrowup: 'ArrowUp',
    arrowdown: 'ArrowDown',
  };
  const named = (part: string): string =>
    names[part] ?? (part.length > 1 ? part[0]!.toUpperCase() + part.slice(1) : part.toUpperCase());
  return partsOf(chord).map(named).join('+');
}
