/* What the server refuses it tells in English, exactly. In other languages the kind of refusal is told. */
import { locale, message, type MessageId } from './i18n.ts';

export type Refusal = 'invalid' | 'denied' | 'not_found' | 'limit' | 'unavailable';

const TEXTS: Record<Refusal, MessageId> = {
  invalid: 'server.invalid',
  denied: 'server.denied',
  not_found: 'server.notFound',
  limit: 'server.limit',
  unavailable: 'server.unavailable',
};

/* The numbers of a NACK (docs/protocol.md). */
export const NACK_CODES: Record<number, Refusal> = {
  1: 'invalid',
  2: 'denied',
  3: 'not_found',
  4: 'limit',
  5: 'unavailable',
};

export function serverSaid(said: string, code: unknown): string {
  const isEnglish = locale().startsWith('en');
  const id = TEXTS[code as Refusal] as MessageId | undefined;
  return isEnglish && said !== '' ? said : message(id ?? 'server.refused');
}
