/* The queue of reports: what is meant, as a picture; flying there; deciding; telling who reported it. */
import { shownName } from '../i18n/former.ts';
import { message } from '../i18n/i18n.ts';
import { artistName, exactTime, timeAgo } from '../history/words.ts';
import { element } from '../ui/dom.ts';
import { askForm, failed, labelled, textField } from './dialog.ts';
import type { Order, Tab } from './order.ts';
import { pictureOf, type Report } from './wire.ts';

const PICTURE = { width: 480, height: 240 };
const TEXT_MAX = 400;

export class ReportsTab implements Tab {
  readonly title = 'order.reports';
  readonly isForModerators = true;
  readonly root = element('div', { class: 'order-list' });

  constructor(private readonly order: Order) {}

  async show(): Promise<void> {
    const answer = await this.order.wire.ask({ type: 'reports' });
    const reports = answer['reports'] as Report[];
    this.root.replaceChildren(
      ...(reports.length === 0
        ? [element('p', { class: 'order-none' }, message('order.noReports'))]
        : [element('ol', {}, ...reports.map((report) => this.item(report)))]),
    );
  }

  private item(report: Report): HTMLElement {
    const { order } = this;
    const what =
      report.artist === null
        ? message('order.aPlace')
        : artistName(report.artist, report.name);
    const by = report.by === '' ? message('order.aWatcher') : shownName(report.by);
    const when = element('time', { title: exactTime(report.time) }, timeAgo(report.time, Date.now()));
    const item = element('li', { class: 'order-item' });
    if (report.place !== null) {
      const picture = element('img', { alt: '', loading: 'lazy', class: 'order-picture' });
      picture.src = pictureOf(order.app.page.canvas, report.place, PICTURE.width, PICTURE.height);
      item.append(picture);
    }
    item.append(
      element('h3', {}, what),
      element('p', { class: 'order-small' }, message('order.reportedBy', { name: by }), ' · ', when),
    );
    if (report.text !== '') {
      item.append(element('p', { dir: 'auto' }, report.text));
    }
    item.append(this.actions(report, what));
    return item;
  }

  private actions(report: Report, what: string): HTMLElement {
    const { order } = this;
    const actions = element('div', { class: 'order-actions' });
    const add = (text: string, run: () => void): void => {
      const made = element('button', { type: 'button', 'aria-label': `${text}: ${what}` }, text);
      made.addEventListener('click', run);
      actions.append(made);
    };
    const { place, artist, name } = report;
    if (place !== null) {
      add(message('order.goThere'), () => order.flyTo(place));
    }
    if (artist !== null) {
      add(message('order.decide'), () => order.sanction({ artist, name }));
    }
    add(message('past.rollBack'), () => {
      if (place !== null) {
        order.flyTo(place);
      }
      order.rollBack(artist === null ? null : { artist, name });
    });
    add(message('order.closeReport'), () => this.close(report));
    return actions;
  }

  private close(report: Report): void {
    const { order } = this;
    const outcome = textField(TEXT_MAX);
    askForm(
      message('order.closeReport'),
      [labelled(message('order.outcome'), outcome)],
      message('order.closeReport'),
      async () => {
        try {
          await order.wire.ask({ type: 'report_close', report: report.report, outcome: outcome.value.trim() });
          order.refresh();
          return null;
        } catch (error) {
          return failed(error);
        }
      },
    );
  }
}
