/* Who was forgotten has one name on the wire, which nobody else can take (docs/protocol.md): it is told in the page's language. */
import { message } from './i18n.ts';

const FORMER = 'former artist';

export const shownName = (name: string): string => (name === FORMER ? message('past.former') : name);
