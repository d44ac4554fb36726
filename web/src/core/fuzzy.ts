/* How well a few letters fit a name: all of them must occur, in order; beginnings of words and neighbours
 * count more. Accents and case do not matter. Pure. */

export function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase();
}

const START = 8;
const NEIGHBOUR = 5;
const FOUND = 1;

/* 0: does not fit. `query` and `text` are plain. Each word of the query is looked for by itself. */
export function fit(query: string, text: string): number {
  let sum = 0;
  for (const word of query.split(/\s+/).filter((each) => each !== '')) {
    const score = fitWord(word, text);
    if (score === 0) {
      return 0;
    }
    sum += score;
  }
  return sum;
}

function fitWord(word: string, text: string): number {
  const whole = text.indexOf(word);
  if (whole >= 0) {
    const isStart = whole === 0 || isBreak(text[whole - 1]!);
    return word.length * (FOUND + NEIGHBOUR) + (whole === 0 ? START * 3 : isStart ? START * 2 : START / 2);
  }
  let score = 0;
  let last = -1;
  for (const letter of word) {
    const at = text.indexOf(letter, last + 1);
    if (at < 0) {
      return 0;
    }
    const isStart = at === 0 || isBreak(text[at - 1]!);
    score += FOUND + (isStart ? START : 0) + (at === last + 1 ? NEIGHBOUR : 0);
    last = at;
  }
  /* Letters strewn over the name are chance. */
  return score > word.length * (FOUND + 1) ? score : 0;
}

function isBreak(letter: string): boolean {
  return /[\s,.:;()'’/-]/.test(letter);
}

/* The best first; those that fit alike stay as they were. */
export function ranked<T>(query: string, list: readonly T[], texts: (each: T) => readonly string[]): T[] {
  const words = plain(query);
  return list
    .map((each) => ({ each, score: Math.max(...texts(each).map((text) => fit(words, plain(text)))) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ each }) => each);
}
