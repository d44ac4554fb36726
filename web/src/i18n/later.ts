/* The English words of panels that few open come with the panel (messages.mjs); the other languages have them from the start. */
import { addEnglish, type Messages } from './i18n.ts';

export async function learnWords(): Promise<void> {
  const response = await fetch('/messages/en.json');
  addEnglish((await response.json()) as Messages);
}
