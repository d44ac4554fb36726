/* Reporting: anybody's, of a stroke, an artist, or what is in view. */
import { message } from '../i18n/i18n.ts';
import { artistName } from '../history/words.ts';
import { element } from '../ui/dom.ts';
import { askForm, failed, labelled, textField } from './dialog.ts';
import type { Order, Reported } from './order.ts';

const TEXT_MAX = 400;

export function reportForm(order: Order, about: Reported): void {
  const text = textField(TEXT_MAX);
  const what =
    about.artist === undefined
      ? message('order.reportPlace')
      : message('order.reportArtist', { name: artistName(about.artist, about.name ?? '') });
  askForm(
    message('command.report'),
    [element('p', {}, what), labelled(message('order.whatIsWrong'), text)],
    message('order.send'),
    async () => {
      try {
        const whom = about.stroke !== undefined ? { stroke: String(about.stroke) } : about.artist !== undefined ? { artist: about.artist } : {};
        await order.wire.ask({ type: 'report', ...whom, place: order.view, text: text.value.trim() });
        order.say(message('order.sent'));
        return null;
      } catch (error) {
        return failed(error);
      }
    },
  );
}
