/* Rolling back, for a moderator: whose strokes, where, and when; first what it would do, then done, and
 * undone again if it was a mistake. */
import { Lasso as LassoIcon, ScanSearch, SquareDashedMousePointer, X } from 'lucide';
import { adminToken, keepAdminToken } from '../app/doors.ts';
import { positionFromPixels, translate } from '../core/geometry.ts';
import type { Json } from '../net/connection.ts';
import { button, element } from '../ui/dom.ts';
import { viewRect, type PixelRect } from './area.ts';
import type { Past } from './history.ts';
import { piecesOf } from './replay.ts';
import { Track } from './track.ts';
import type { Timeline } from './timeline.ts';
import { count, shortTime } from './words.ts';

const PREVIEW_MAX = 4000;
const TARGETS_MAX = 4000;
const BARS = 160;

interface Answer {
  id: number;
  strokes: number;
  artists: { artist: number; name: string; strokes: number }[];
  seq: string | null;
  ops: number;
}

interface Wanted {
  rect: PixelRect;
  lasso: [number, number][] | null;
  from: number;
  to: number;
  artists: number[] | null;
}

export class Rollback {
  readonly root = element('section', { class: 'bar rollback', 'aria-label': 'Roll back' });
  private readonly artists = new Map<number, string>();
  private readonly artistList = element('div', { class: 'rollback-artists' });
  private readonly areaText = element('span', { class: 'rollback-hint' });
  private readonly result = element('p', { class: 'rollback-result', role: 'status' });
  private readonly applyButton = element('button', { type: 'button', class: 'text-button' });
  private readonly undoButton = element(
    'button',
    { type: 'button', class: 'text-button is-quiet' },
    'Undo this rollback',
  );
  private readonly before = element('button', { type: 'button' }, 'Before');
  private readonly after = element('button', { type: 'button' }, 'After');
  private readonly sides = element('div', { class: 'rollback-sides', role: 'group' });
  private readonly track: Track;
  private spanMs: [number, number] = [0, 0];
  private area: { rect: PixelRect; lasso: [number, number][] | null } | null = null;
  private readonly waiting = new Map<number, (answer: Answer | Error) => void>();
  private id = 0;
  private shownRun = 0;
  private targets: number[] = [];
  private previewTimer = 0;

  constructor(private readonly past: Past) {
    this.track = new Track(
      {
        input: (index, timeMs) => {
          this.spanMs[index] = timeMs;
          this.track.setTime(index, timeMs);
          this.previewSoon();
        },
        label: (timeMs) => shortTime(timeMs),
      },
      ['From', 'To'],
    );
    this.root.hidden = true;
  }

  get isOpen(): boolean {
    return !this.root.hidden;
  }

  open(): void {
    this.root.hidden = false;
    this.root.replaceChildren(...(adminToken() === null ? this.tokenForm() : this.panel()));
    this.root.querySelector<HTMLElement>('input, button')?.focus({ preventScroll: true });
  }

  reopen(): void {
    if (this.isOpen) {
      this.open();
    }
  }

  close(): void {
    this.root.hidden = true;
    this.past.picker.cancel();
    this.past.who.onArtist = null;
    this.past.who.setOn(false);
    this.past.outlines.set([]);
  }

  /* ---- the token ---- */

  private tokenForm(): HTMLElement[] {
    const field = element('input', {
      type: 'password',
      'aria-label': 'Admin token',
      placeholder: 'Admin token',
      autocomplete: 'off',
    });
    const form = element(
      'form',
      { class: 'rollback-token' },
      field,
      element('button', { type: 'submit', class: 'text-button' }, 'Use it'),
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
      this.head('For moderators'),
      element(
        'p',
        { class: 'rollback-hint' },
        'Paste the admin token: the text of ',
        element('code', {}, 'admin.token'),
        ' in the server’s data folder. It is kept in this tab only.',
      ),
      form,
    ];
  }

  private head(title: string): HTMLElement {
    const close = button('Close', X, 'Esc', () => this.close());
    return element('div', { class: 'rollback-head' }, element('h2', {}, title), close);
  }

  /* ---- what to roll back ---- */

  private panel(): HTMLElement[] {
    const labelled = (label: string, ...parts: (HTMLElement | string)[]): HTMLElement =>
      element('div', { class: 'rollback-row' }, element('h3', {}, label), ...parts);
    this.applyButton.onclick = () => void this.apply();
    this.undoButton.onclick = () => void this.undo();
    this.undoButton.hidden = this.targets.length === 0;
    this.before.onclick = () => this.showSide(false);
    this.after.onclick = () => this.showSide(true);
    this.sides.setAttribute('aria-label', 'Preview');
    this.sides.replaceChildren(this.before, this.after);
    const forget = element('button', { type: 'button', class: 'link-button' }, 'Forget the token');
    forget.addEventListener('click', () => {
      keepAdminToken(null);
      this.past.app.session.connection.reconnect();
      this.open();
    });
    this.showArtists();
    this.showArea();
    void this.look();
    return [
      this.head('Roll back'),
      labelled(
        'Whose',
        this.artistList,
        button('Point at their strokes', ScanSearch, null, () => this.point()),
      ),
      labelled(
        'Where',
        this.areaText,
        button('Drag a rectangle', SquareDashedMousePointer, null, () => {
          this.past.picker.rectangle((rect) => this.setArea(rect, null));
          this.past.say('Drag a rectangle on the wall.');
        }),
        button('Draw a lasso', LassoIcon, null, () => {
          this.past.picker.lasso(({ rect, points }) => this.setArea(rect, points));
          this.past.say('Draw around what is meant.');
        }),
      ),
      element('div', { class: 'rollback-row is-track' }, this.track.root),
      this.result,
      element(
        'div',
        { class: 'rollback-row is-end' },
        this.sides,
        this.undoButton,
        this.applyButton,
      ),
      forget,
    ];
  }

  private point(): void {
    const { who } = this.past;
    who.onArtist = (artist, name) => {
      this.artists.set(artist, name);
      this.showArtists();
      this.previewSoon();
    };
    who.setOn(true);
    this.past.say('Press on a stroke, then on its artist.');
  }

  private showArtists(): void {
    const chips = [...this.artists].map(([artist, name]) => {
      const chip = element('button', { type: 'button', class: 'rollback-chip' }, name);
      chip.title = `Take ${name} out`;
      chip.addEventListener('click', () => {
        this.artists.delete(artist);
        this.showArtists();
        this.previewSoon();
      });
      return chip;
    });
    const all = element('span', { class: 'rollback-hint' }, 'Everybody');
    this.artistList.replaceChildren(...(chips.length > 0 ? chips : [all]));
  }

  private setArea(rect: PixelRect, lasso: [number, number][] | null): void {
    this.area = { rect, lasso };
    this.showArea();
    void this.look();
  }

  private showArea(): void {
    const { area } = this;
    this.areaText.textContent =
      area === null ? 'What is in view' : area.lasso === null ? 'The rectangle' : 'The lasso';
  }

  private async look(): Promise<void> {
    const { camera, viewport } = this.past.app.wall;
    const rect = this.area?.rect ?? viewRect(camera, viewport);
    try {
      const { counts, from, to } = await this.past.api.activity(rect, BARS, null);
      const timeline: Timeline = { segments: [{ fromMs: from, toMs: to, counts }] };
      this.track.setTimeline(timeline);
      this.spanMs = [from, to];
      this.track.setTime(0, from);
      this.track.setTime(1, to);
      await this.preview();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private fail(error: Error): void {
    this.result.textContent = error.message;
    this.applyButton.disabled = true;
    this.sides.hidden = true;
  }

  /* ---- asking ---- */

  private async wanted(): Promise<Wanted> {
    const { camera, viewport } = this.past.app.wall;
    const { api } = this.past;
    const { newest } = await this.past.moments();
    const [fromMs, toMs] = [Math.min(...this.spanMs), Math.max(...this.spanMs)];
    const seqAt = (timeMs: number, other: number): Promise<number> =>
      api.momentAt(timeMs).then(
        ({ seq }) => seq,
        () => other,
      );
    const before = await seqAt(fromMs - 1, 0);
    return {
      rect: this.area?.rect ?? viewRect(camera, viewport),
      lasso: this.area?.lasso ?? null,
      from: before + 1,
      to: Math.max(before + 1, await seqAt(toMs, newest)),
      artists: this.artists.size === 0 ? null : [...this.artists.keys()],
    };
  }

  private async send(wanted: Wanted, apply: boolean): Promise<Answer> {
    await this.past.connected();
    const id = ++this.id;
    const { rect, lasso, from, to, artists } = wanted;
    const isSent = this.past.app.session.connection.sendJson({
      type: 'rollback',
      id,
      artists,
      ...rect,
      lasso,
      from: String(from),
      to: String(to),
      apply,
    });
    return new Promise((resolve, reject) => {
      if (!isSent) {
        reject(new Error('Not connected'));
        return;
      }
      this.waiting.set(id, (answer) =>
        answer instanceof Error ? reject(answer) : resolve(answer),
      );
    });
  }

  messageCame(message: Json): void {
    if (message.type === 'rollback') {
      const answer = message as unknown as Answer;
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    } else if (message.type === 'error') {
      const id = Number(message['id']);
      this.waiting.get(id)?.(new Error(String(message['message'] ?? 'The server refused.')));
      this.waiting.delete(id);
    }
  }

  private previewSoon(): void {
    window.clearTimeout(this.previewTimer);
    this.previewTimer = window.setTimeout(() => void this.preview(), 180);
  }

  private async preview(): Promise<void> {
    const run = ++this.shownRun;
    try {
      const answer = await this.send(await this.wanted(), false);
      if (run !== this.shownRun) {
        return;
      }
      const whose = answer.artists.map(({ name, strokes }) => `${name} ${strokes}`).join(', ');
      const strokes = count(answer.strokes, 'stroke');
      this.result.textContent =
        answer.strokes === 0 ? 'Nothing would change.' : `${strokes} would go: ${whose}`;
      this.applyButton.textContent = `Roll back ${strokes}`;
      this.applyButton.disabled = answer.strokes === 0;
      this.sides.hidden = answer.strokes === 0;
      this.showSide(answer.strokes > 0);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /* After: what would go is drawn over in red. */
  private showSide(isAfter: boolean): void {
    this.before.setAttribute('aria-pressed', String(!isAfter));
    this.after.setAttribute('aria-pressed', String(isAfter));
    if (isAfter) {
      void this.outline();
    } else {
      this.outlineArea([]);
    }
  }

  private outlineArea(rest: Parameters<Past['outlines']['set']>[0]): void {
    const { area } = this;
    const outlines = [...rest];
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

  private async outline(): Promise<void> {
    const run = this.shownRun;
    const { rect, from, to, artists } = await this.wanted();
    const whose = artists ?? [undefined];
    const found = await Promise.all(
      whose.map((artist) => {
        const options = { hidden: false, limit: PREVIEW_MAX, ...(artist && { artist }) };
        return this.past.api.strokes(rect, from, to, options);
      }),
    );
    if (run === this.shownRun && this.isOpen) {
      const pieces = found.flatMap(({ records }) => piecesOf(records));
      this.outlineArea(this.past.outlinesOf(pieces, 'gone'));
    }
  }

  /* ---- doing ---- */

  private async apply(): Promise<void> {
    this.applyButton.disabled = true;
    try {
      await this.past.identified();
      const answer = await this.send(await this.wanted(), true);
      this.past.say(`${count(answer.strokes, 'stroke')} rolled back.`);
      await this.remember(Number(answer.seq), answer.ops);
      this.undoButton.hidden = this.targets.length === 0;
      await this.preview();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /* What the hides name is in one's own past: asked for, so that it can be shown again. */
  private async remember(first: number, ops: number): Promise<void> {
    const mine = await this.past.askMine(first + ops, ops);
    this.targets = mine
      .filter((op) => op.kind === 'hide' && op.seq >= first && op.seq < first + ops)
      .flatMap((op) => [...op.targets])
      .sort((a, b) => a - b);
  }

  private async undo(): Promise<void> {
    const { journal, session } = this.past.app;
    for (let i = 0; i < this.targets.length; i += TARGETS_MAX) {
      journal.addVisibility(true, this.targets.slice(i, i + TARGETS_MAX), []);
    }
    session.flush();
    this.past.say(`${count(this.targets.length, 'stroke')} shown again.`);
    this.targets = [];
    this.undoButton.hidden = true;
    await this.past.saved();
    await this.preview();
  }
}
