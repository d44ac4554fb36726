/* Rolling back, for a moderator: where, when and whose; first what the wall would be without those strokes,
 * then done, and undone again if it was a mistake. */
import { Lasso as LassoIcon, ScanSearch, SquareDashedMousePointer, X } from 'lucide';
import { adminToken, keepAdminToken } from '../app/doors.ts';
import { positionFromPixels, translate } from '../core/geometry.ts';
import type { Json } from '../net/connection.ts';
import { formatList, message } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import { timelineOf } from './activity.ts';
import { viewRect } from './area.ts';
import type { Past } from './history.ts';
import type { Area } from './lasso.ts';
import type { Outline } from './outlines.ts';
import { RollbackWire, type Answer, type Wanted } from './rollbackwire.ts';
import { Shares } from './shares.ts';
import type { Piece } from './tempo.ts';
import { Track } from './track.ts';
import { endOf, startOf } from './timeline.ts';
import { Without } from './without.ts';
import { artistName, shortTime } from './words.ts';

const OUTLINES_MAX = 1500;
const BARS = 160;
const SOON_MS = 180;
const SETTLE_MS = 320;

export class Rollback {
  readonly root = element('section', { class: 'bar rollback', 'aria-label': message('rollback.label') });
  private readonly shares = new Shares(() => this.previewSoon());
  private readonly areaText = element('span', { class: 'rollback-hint' });
  private readonly result = element('p', { class: 'rollback-result', role: 'status' });
  private readonly note = element('p', { class: 'rollback-note' });
  private readonly applyButton = element('button', { type: 'button', class: 'text-button' });
  private readonly undoButton = element(
    'button',
    { type: 'button', class: 'text-button is-quiet' },
    message('rollback.undo'),
  );
  private readonly before = element('button', { type: 'button' }, message('rollback.before'));
  private readonly after = element('button', { type: 'button' }, message('rollback.after'));
  private readonly sides = element('div', { class: 'rollback-sides', role: 'group' });
  private readonly track: Track;
  private readonly wire: RollbackWire;
  private readonly without: Without;
  private span: [number, number] = [0, 0];
  private whole: [number, number] = [0, 0];
  private area: Area | null = null;
  private isAfter = true;
  private isPicking = false;
  private going: Piece[] = [];
  private run = 0;
  private act: string | null = null; /* the newest, to be undone */
  private timer = 0;

  constructor(private readonly past: Past) {
    this.wire = new RollbackWire((message) => past.app.session.connection.sendJson(message));
    this.without = new Without(past);
    this.track = new Track(
      {
        input: (index, timeMs) => {
          this.span[index] = timeMs;
          this.track.setTime(index, timeMs);
          this.soon(() => this.list(), SOON_MS);
        },
        label: (timeMs) => shortTime(timeMs),
      },
      [message('replay.from'), message('replay.to')],
    );
    this.applyButton.onclick = () => void this.apply();
    this.undoButton.onclick = () => void this.undo();
    this.before.onclick = () => this.showSide(false);
    this.after.onclick = () => this.showSide(true);
    this.sides.setAttribute('aria-label', message('rollback.preview'));
    this.sides.append(this.before, this.after);
    this.root.hidden = true;
  }

  get isOpen(): boolean {
    return !this.root.hidden;
  }

  private get mayRollBack(): boolean {
    return adminToken() !== null || /^(moderator|owner)$/.test(this.past.app.order.role);
  }

  open(whose?: { artist: number; name: string }): void {
    if (this.past.app.doors.isPast) {
      this.past.now();
    }
    if (whose !== undefined) {
      this.shares.clear();
      this.shares.choose(whose.artist, whose.name);
      this.isAfter = true;
    }
    this.root.hidden = false;
    this.root.replaceChildren(...(this.mayRollBack ? this.panel() : this.tokenForm()));
    this.root.querySelector<HTMLElement>('input, button')?.focus({ preventScroll: true });
  }

  reopen(): void {
    if (this.isOpen) {
      this.open();
    }
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.root.hidden = true;
    this.setPicking(false);
    this.expire();
    this.past.picker.cancel();
    this.past.who.onArtist = null;
    this.past.who.setOn(false);
    this.past.outlines.set([]);
  }

  messageCame(json: Json): void {
    this.wire.messageCame(json);
  }

  /* ---- the token ---- */

  private tokenForm(): HTMLElement[] {
    const field = element('input', {
      type: 'password',
      'aria-label': message('rollback.token'),
      placeholder: message('rollback.token'),
      autocomplete: 'off',
    });
    const form = element(
      'form',
      { class: 'rollback-token' },
      field,
      element('button', { type: 'submit', class: 'text-button' }, message('rollback.useToken')),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (field.value.trim() !== '') {
        keepAdminToken(field.value.trim());
        this.past.app.session.connection.reconnect();
        this.open();
      }
    });
    return [
      this.head(message('rollback.forModerators')),
      element(
        'p',
        { class: 'rollback-hint' },
        message('rollback.pasteToken', { file: 'admin.token' }),
      ),
      form,
    ];
  }

  private head(title: string): HTMLElement {
    const close = button(message('past.close'), X, 'escape', () => this.close());
    return element('div', { class: 'rollback-head' }, element('h2', {}, title), close);
  }

  /* ---- what to roll back ---- */

  private panel(): HTMLElement[] {
    const row = (label: string, ...parts: HTMLElement[]): HTMLElement =>
      element('div', { class: 'rollback-row' }, element('h3', {}, label), ...parts);
    const forget = element('button', { type: 'button', class: 'link-button' });
    forget.textContent = message('rollback.forgetToken');
    forget.addEventListener('click', () => {
      keepAdminToken(null);
      this.past.app.session.connection.reconnect();
      this.close();
      this.open();
    });
    forget.hidden = adminToken() === null;
    this.undoButton.hidden = this.act === null;
    this.nothing('');
    this.showArea();
    void this.look();
    return [
      this.head(message('rollback.label')),
      row(
        message('rollback.where'),
        this.areaText,
        button(message('rollback.rectangle'), SquareDashedMousePointer, null, () =>
          this.pick('rectangle'),
        ),
        button(message('rollback.lasso'), LassoIcon, null, () => this.pick('lasso')),
      ),
      element('div', { class: 'rollback-row is-track' }, this.track.root),
      row(
        message('rollback.whose'),
        button(message('rollback.point'), ScanSearch, null, () => this.point()),
      ),
      this.shares.root,
      this.result,
      this.note,
      element('div', { class: 'rollback-row is-end' }, this.sides, this.undoButton, this.applyButton),
      forget,
    ];
  }

  private setPicking(isPicking: boolean): void {
    this.isPicking = isPicking;
    this.root.classList.toggle('is-picking', isPicking);
  }

  private pick(kind: 'rectangle' | 'lasso'): void {
    this.showSide(false);
    this.past.who.setOn(false);
    this.setPicking(true);
    const chosen = (area: Area): void => {
      this.setPicking(false);
      this.isAfter = true;
      this.area = area;
      this.showArea();
      void this.look();
    };
    if (kind === 'rectangle') {
      this.past.picker.rectangle((rect) => chosen({ rect, lasso: null }));
      this.past.say(message('past.dragRectangle'));
    } else {
      this.past.picker.lasso(({ rect, points }) => chosen({ rect, lasso: points }));
      this.past.say(message('rollback.drawAround'));
    }
  }

  /* The picking was left by Escape. */
  picked(): void {
    this.setPicking(false);
    this.outline();
  }

  private point(): void {
    const { who } = this.past;
    this.showSide(false);
    who.onArtist = (artist, name) => {
      who.onArtist = null;
      who.setOn(false);
      this.shares.choose(artist, name);
      this.isAfter = true;
      void this.preview();
    };
    who.setOn(true);
    this.past.say(message('rollback.pressStroke'));
  }

  private showArea(): void {
    const { area } = this;
    const kept = area?.lasso === null ? 'rollback.theRectangle' : 'rollback.theLasso';
    this.areaText.textContent = message(area === null ? 'rollback.inView' : kept);
  }

  private get view(): Area {
    const { camera, viewport } = this.past.app.wall;
    return { rect: viewRect(camera, viewport), lasso: null };
  }

  private async look(): Promise<void> {
    this.expire();
    const run = ++this.run;
    try {
      const { rect } = this.area ?? this.view;
      const { api } = this.past;
      const { newest } = await this.past.moments();
      const { time } = await api.moment(String(newest));
      const timeline = await timelineOf(api, rect, time, BARS);
      if (run !== this.run) {
        return;
      }
      this.track.setTimeline(timeline);
      this.whole = [startOf(timeline), endOf(timeline)];
      this.span = [...this.whole];
      this.track.setTime(0, this.span[0]);
      this.track.setTime(1, this.span[1]);
      await this.list();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /* What is in view is meant, or shown, and that has changed. */
  moved(): void {
    if (this.isOpen && this.mayRollBack && !this.isPicking) {
      this.soon(() => (this.area === null ? this.look() : this.preview()), SETTLE_MS);
    }
  }

  /* ---- asking ---- */

  /* What is offered and shown is no longer what is asked for. */
  private expire(): void {
    this.run++;
    this.without.hide();
    this.applyButton.disabled = true;
    this.note.textContent = '';
  }

  private soon(ask: () => Promise<void>, ms: number): void {
    this.expire();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void ask(), ms);
  }

  private previewSoon(): void {
    this.isAfter = true;
    this.soon(() => this.preview(), SOON_MS);
  }

  private async wanted(artists: number[] | null): Promise<Wanted> {
    const { api } = this.past;
    const { newest } = await this.past.moments();
    const [fromMs, toMs] = [Math.min(...this.span), Math.max(...this.span)];
    const seqAt = (timeMs: number, other: number): Promise<number> =>
      api.momentAt(timeMs).then(
        ({ seq }) => seq,
        () => other,
      );
    const before = fromMs <= this.whole[0] ? 0 : await seqAt(fromMs - 1, 0);
    const to = toMs >= this.whole[1] ? newest : await seqAt(toMs, newest);
    const area = this.area ?? this.view;
    return { ...area, from: before + 1, to: Math.max(before + 1, to), artists };
  }

  /* Whose strokes are there at all. */
  private async list(): Promise<void> {
    const run = ++this.run;
    try {
      await this.past.connected();
      const answer = await this.wire.ask(await this.wanted(null), false);
      if (run === this.run) {
        this.shares.setFound(answer.artists, answer.strokes);
        await this.preview();
      }
    } catch (error) {
      if (run === this.run) {
        this.shares.setFound([], 0);
        this.fail(error as Error);
      }
    }
  }

  private async preview(): Promise<void> {
    this.expire();
    const run = ++this.run;
    if (this.shares.isNobody) {
      const isEmpty = this.shares.isEmpty;
      this.nothing(message(isEmpty ? 'rollback.noStrokes' : 'rollback.choose'));
      this.outline();
      return;
    }
    try {
      await this.past.connected();
      const wanted = await this.wanted(this.shares.artists);
      const answer = await this.wire.ask(wanted, false);
      if (run !== this.run) {
        return;
      }
      this.showAnswer(answer);
      if (answer.strokes > 0) {
        await this.draw(wanted, run);
      } else {
        this.going = [];
        this.outline();
      }
    } catch (error) {
      if (run === this.run) {
        this.fail(error as Error);
      }
    }
  }

  private showAnswer(answer: Answer): void {
    const count = answer.strokes;
    const whose = answer.artists.slice(0, 3).map(({ artist, name }) => artistName(artist, name));
    const others = answer.artists.length - whose.length;
    const names = formatList(
      others > 0 ? [...whose, message('rollback.more', { count: others })] : whose,
    );
    this.result.textContent =
      count === 0 ? message('rollback.nothing') : message('rollback.would', { count, names });
    this.applyButton.textContent = message('rollback.apply', { count });
    this.applyButton.disabled = answer.strokes === 0;
    this.sides.hidden = answer.strokes === 0;
  }

  private nothing(why: string): void {
    this.going = [];
    this.result.textContent = why;
    this.note.textContent = '';
    this.applyButton.textContent = message('rollback.label');
    this.applyButton.disabled = true;
    this.sides.hidden = true;
  }

  private fail(error: Error): void {
    this.without.hide();
    this.nothing(error.message);
    this.outline();
  }

  /* ---- before and after ---- */

  private async draw(wanted: Wanted, run: number): Promise<void> {
    this.note.textContent = this.isAfter ? message('rollback.drawing') : '';
    const prepared = await this.without.prepare(wanted);
    if (prepared === null || run !== this.run || !this.isOpen) {
      return;
    }
    this.going = prepared.going;
    this.note.textContent = prepared.note ?? '';
    this.after.disabled = !prepared.isDrawn;
    this.isAfter &&= prepared.isDrawn;
    this.showSide(this.isAfter);
  }

  private showSide(isAfter: boolean): void {
    this.isAfter = isAfter;
    this.before.setAttribute('aria-pressed', String(!isAfter));
    this.after.setAttribute('aria-pressed', String(isAfter));
    this.without.setVisible(isAfter);
    this.outline();
  }

  /* Before: what would go is marked. After: it is gone. */
  private outline(): void {
    const { area } = this;
    const marked = this.isAfter ? [] : this.going.slice(0, OUTLINES_MAX);
    const outlines: Outline[] = this.past.outlinesOf(marked, 'gone');
    if (area !== null && area.lasso === null) {
      outlines.push({ kind: 'area', rect: area.rect });
    } else if (area !== null) {
      const corner = positionFromPixels(area.rect.level, area.rect.x, area.rect.y);
      const path = (area.lasso ?? []).map(([x, y]) => translate(corner, x, y));
      outlines.push({ kind: 'area', rect: null, path });
    }
    this.past.outlines.set(outlines);
    this.past.app.wall.request();
  }

  /* ---- doing ---- */

  private async apply(): Promise<void> {
    this.applyButton.disabled = true;
    try {
      await this.past.identified();
      const answer = await this.wire.ask(await this.wanted(this.shares.artists), true);
      this.past.say(message('rollback.done', { count: answer.strokes }));
      this.act = answer.act;
      this.undoButton.hidden = this.act === null;
      this.shares.clear();
      await this.list();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /* Shows of one's own would bring back what others hid meanwhile as well: the server knows what the act alone hides. */
  private async undo(): Promise<void> {
    const { act } = this;
    if (act === null) {
      return;
    }
    this.undoButton.disabled = true;
    try {
      await this.past.connected();
      const isFirst = await this.wire.undo(act);
      this.past.say(message(isFirst ? 'rollback.undone' : 'rollback.undoneBefore'));
      this.act = this.act === act ? null : this.act;
    } catch (error) {
      this.past.say((error as Error).message);
    }
    this.undoButton.disabled = false;
    this.undoButton.hidden = this.act === null;
    await this.list();
  }

  report(): object {
    return {
      isOpen: this.isOpen,
      isAfter: this.isAfter,
      isDrawn: this.without.isShown,
      going: this.going.length,
    };
  }
}
