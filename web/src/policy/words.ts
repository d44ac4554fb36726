/* What the server says when it refuses for what holds here, in the page's language. Pure. */
import { message, type MessageId } from '../i18n/i18n.ts';

const SAID: readonly (readonly [RegExp, MessageId])[] = [
  [/^this canvas can only be looked at$/, 'policy.readOnly'],
  [/^this canvas is for those who are invited/, 'policy.invited'],
  [/^this area is for its members$/, 'policy.members'],
  [/^this area rests/, 'policy.frozen'],
  [/^this was taken off the wall/, 'policy.taken'],
  [/^newcomers draw with smaller brushes/, 'policy.smaller'],
  [/^newcomers draw from nearer/, 'policy.nearer'],
  [/^newcomers draw shorter strokes/, 'policy.shorter'],
  [/^a newcomer's ink refills.* in (?<seconds>\d+) s$/, 'policy.inkIn'],
];

export function wordsFor(said: string): string | null {
  for (const [pattern, id] of SAID) {
    const found = pattern.exec(said);
    if (found !== null) {
      return message(id, { seconds: Number(found.groups?.['seconds'] ?? 0) });
    }
  }
  return null;
}
