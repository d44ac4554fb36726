/* Who drew this? A card beside the point lists the strokes beneath it, newest first. */
import { X } from 'lucide';
import { positionToScreen, screenToPosition } from '../core/camera.ts';
import type { Position } from '../core/geometry.ts';
import { message, type MessageId } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import type { Beneath } from './api.ts';
import { pixelAt, viewRect, type PixelRect } from './area.ts';
import type { Past } from './history.ts';
import { piecesOf } from './pieces.ts';
import { Vote } from './vote.ts';
import { artistName, exactTime, strokes, timeAgo } from './words.ts';

const SLACK_MOUSE = 2;
const SLACK_FINGER = 10;
const CARD_GAP_PX = 16;
/* One drawing: strokes of the artist within this long of the one asked about. */
const DRAWING_MS = 20 * 60_000;
const OUTLINES_MAX = 1000;

/* As the server calls the tools. */
const TOOL_NAMES: Record<string, MessageId> = {
  pen: 'tool.pen',
  pencil: 'tool.pencil',
  marker: 'tool.marker',
  airbrush: 'tool.airbrush',
  eraser: 'tool.eraser',
  fill: 'tool.fill',
  text: 'tool.text',
};

function toolName(tool: string): string {
  const id = TOOL_NAMES[tool];
  return id === undefined ? tool : message(id);
}

function rectOfBeneath(level: number, box: Beneath['box']): PixelRect {
  const [x0, y0, x1, y1] = box;
  return {
    level,
    x: x0,
    y: y0,
    width: Math.max(1, Number(BigInt(x1) - BigInt(x0))),
    height: Math.max(1, Number(BigInt(y1) - BigInt(y0))),
  };
}

/* Nobody's strokes, in a quiet area, are not found by an artist. */
const byThem = ({ artist }: Beneath): { artist?: number } => (artist === 0 ? {} : { artist });

export class Who {
  readonly root = element('div', {
    class: 'bar who',
    role: 'dialog',
    'aria-label': message('past.who'),
  });
  isOn = false;
  answered = 0;
  /* For rollback: an entry that is chosen goes there. */
  onArtist: ((artist: number, name: string) => void) | null = null;
  readonly vote: Vote;
  private readonly list = element('ol', { class: 'who-list' });
  private readonly title = element('h2', {});
  private place: Position | null = null;
  private asking: AbortController | null = null;

  constructor(private readonly past: Past) {
    this.vote = new Vote(past.app, () => this.put());
    const close = button(message('past.close'), X, 'escape', () => this.close());
    close.classList.add('who-close');
    this.root.append(this.title, close, this.list);
    this.root.hidden = true;
  }

  get isOpen(): boolean {
    return !this.root.hidden;
  }

  setOn(isOn: boolean): void {
    const { app } = this.past;
    this.isOn = isOn;
    app.doors.whoButton.setAttribute('aria-pressed', String(isOn));
    app.wall.canvas.classList.toggle('is-asking', isOn);
    let at = { x: 0, y: 0 };
    app.doors.tool = isOn
      ? {
          begin: (x, y) => (at = { x, y }),
          move: (x, y) => {
            app.wall.pan(x - at.x, y - at.y);
            this.hasDragged = true;
            at = { x, y };
          },
          end: (isDone) => {
            if (isDone && !this.hasDragged) {
              void this.ask(at.x, at.y, false);
            }
            this.hasDragged = false;
          },
        }
      : null;
    if (!isOn) {
      this.close();
    }
  }
  private hasDragged = false;

  close(): void {
    this.asking?.abort();
    if (this.isOpen) {
      this.root.hidden = true;
      this.past.outlines.set([]);
      this.past.app.wall.request();
    }
  }

  async ask(x: number, y: number, isTouch: boolean): Promise<void> {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const { wall } = this.past.app;
    const { camera, viewport } = wall;
    this.place = screenToPosition(camera, viewport, x, y);
    const pixel = pixelAt(camera, viewport, x, y);
    try {
      const slack = Math.round((isTouch ? SLACK_FINGER : SLACK_MOUSE) * viewport.ratio);
      const found = await this.past.api.beneath(pixel, Math.min(16, slack), asking.signal);
      this.answered++;
      this.fill(found, pixel.level);
      this.root.hidden = false;
      this.put();
      this.list.querySelector<HTMLElement>('button')?.focus({ preventScroll: true });
    } catch (error) {
      if (!asking.signal.aborted) {
        this.past.say((error as Error).message);
      }
    }
  }

  private fill(found: readonly Beneath[], level: number): void {
    this.past.outlines.set([]);
    this.title.textContent = found.length === 0 ? message('who.nothing') : strokes(found.length);
    this.vote.begin();
    this.list.replaceChildren(...found.map((each, i) => this.entry(each, level, i === 0)));
    this.vote.refresh();
  }

  /* Outlines of text keep their words beside. */
  private async addWords(stroke: Beneath, level: number, place: HTMLElement): Promise<void> {
    const from = stroke.seq - stroke.parts + 1;
    const rect = rectOfBeneath(level, stroke.box);
    const options = { ...byThem(stroke), hidden: true, limit: stroke.parts };
    const found = await this.past.api
      .strokes(rect, from, stroke.seq, options)
      .catch(() => ({ records: [] }));
    const [piece] = piecesOf(found.records);
    const text = piece?.parts.find((part) => part.text !== undefined)?.text;
    if (text !== undefined) {
      place.append(element('q', { class: 'who-text', dir: 'auto' }, text));
      this.put();
    }
  }

  private entry(stroke: Beneath, level: number, isFirst: boolean): HTMLElement {
    const swatch = element('span', { class: 'who-swatch' });
    if (stroke.tool === 'eraser') {
      swatch.classList.add('is-eraser');
    } else {
      swatch.style.setProperty('--color', stroke.color);
    }
    const when = element('time', { title: exactTime(stroke.time) });
    when.textContent = timeAgo(stroke.time, Date.now());
    when.dateTime = new Date(stroke.time).toISOString();
    const name = element('span', { class: 'who-name' }, artistName(stroke.artist, stroke.name));
    const tool = element('span', { class: 'who-tool' }, `${toolName(stroke.tool)} · `, when);
    const head = element('button', { type: 'button', class: 'who-head' }, swatch);
    const words = element('span', { class: 'who-words' }, name, tool);
    head.append(words);
    if (stroke.tool === 'fill') {
      void this.addWords(stroke, level, words);
    }
    const item = element('li', { class: stroke.hidden ? 'is-hidden' : '' }, head);
    if (stroke.hidden) {
      head.title = message('who.hiddenNow');
    }
    const actions = this.actions(stroke, level);
    item.append(actions);
    actions.hidden = !isFirst;
    head.setAttribute('aria-expanded', String(isFirst));
    head.addEventListener('click', () => {
      actions.hidden = !actions.hidden;
      head.setAttribute('aria-expanded', String(!actions.hidden));
      if (stroke.artist !== 0) {
        this.onArtist?.(stroke.artist, stroke.name);
      }
      this.put();
    });
    const outline = (): void => {
      this.past.outlines.set([{ kind: 'stroke', rect: rectOfBeneath(level, stroke.box) }]);
      this.past.app.wall.request();
    };
    item.addEventListener('pointerenter', outline);
    item.addEventListener('focusin', outline);
    return item;
  }

  private actions(stroke: Beneath, level: number): HTMLElement {
    const act = (text: string, run: () => void): HTMLElement => {
      const made = element('button', { type: 'button', class: 'who-action' }, text);
      made.addEventListener('click', run);
      return made;
    };
    const { name } = stroke;
    const all = name === '' ? message('who.allByArtist') : message('who.allBy', { name: artistName(stroke.artist, name) });
    return element(
      'div',
      { class: 'who-actions' },
      ...(stroke.artist === 0 ? [] : [act(all, () => void this.highlight(stroke))]),
      act(message('who.replay'), () => void this.replay(stroke, level)),
      act(message('who.seeMoment'), () => {
        this.setOn(false);
        void this.past.goTo(stroke.seq);
      }),
      act(message('command.report'), () => {
        const { seq, artist, name: whose } = stroke;
        this.past.app.order.report({ stroke: seq, artist, name: whose });
      }),
      ...this.keeping(stroke, act),
      this.vote.line(stroke),
    );
  }

  /* For who keeps order here: the way from a stroke to its end is short. */
  private keeping({ artist, name }: Beneath, act: (text: string, run: () => void) => HTMLElement): HTMLElement[] {
    const { order } = this.past.app;
    if (artist === 0 || !order.mayKeep) {
      return [];
    }
    const decide = act(message('who.decide'), () => order.decide({ artist, name }));
    return order.role === 'mentor'
      ? [decide]
      : [
          act(message('past.rollBack'), () => {
            this.setOn(false);
            this.past.moderate({ artist, name });
          }),
          decide,
        ];
  }

  private async highlight(stroke: Beneath): Promise<void> {
    const { camera, viewport } = this.past.app.wall;
    const rect = viewRect(camera, viewport);
    try {
      const options = { artist: stroke.artist, hidden: false, limit: OUTLINES_MAX };
      const { newest } = await this.past.moments();
      const { records } = await this.past.api.strokes(rect, 1, newest, options);
      this.past.outlineStrokes(piecesOf(records), 'stroke');
      const name = artistName(stroke.artist, stroke.name);
      this.past.say(message('who.drew', { name, count: records.length }));
    } catch (error) {
      this.past.say((error as Error).message);
    }
  }

  private async replay(stroke: Beneath, level: number): Promise<void> {
    try {
      const { api } = this.past;
      const { newest } = await this.past.moments();
      const first = await api.momentAt(stroke.time - DRAWING_MS).then(
        ({ seq }) => seq + 1,
        async () => (await this.past.begin()) + 1,
      );
      const last = await api.momentAt(stroke.time + DRAWING_MS).then(
        ({ seq }) => seq,
        () => newest,
      );
      this.setOn(false);
      const rect = grown(rectOfBeneath(level, stroke.box));
      await this.past.replay.start({ from: first, to: last, rect }, byThem(stroke).artist);
    } catch (error) {
      this.past.say((error as Error).message);
    }
  }

  /* Beside the point, inside the screen. */
  put(): void {
    if (!this.isOpen || this.place === null) {
      return;
    }
    const { camera, viewport } = this.past.app.wall;
    const at = positionToScreen(camera, viewport, this.place);
    const { offsetWidth: width, offsetHeight: height } = this.root;
    const isRight = at.x + CARD_GAP_PX + width < viewport.width - 8;
    const left = isRight ? at.x + CARD_GAP_PX : at.x - CARD_GAP_PX - width;
    const hold = (value: number, most: number): number => Math.min(Math.max(8, value), most - 8);
    const x = hold(left, viewport.width - width);
    const y = hold(at.y - 40, viewport.height - height);
    this.root.style.transform = `translate3d(${x.toFixed(1)}px, ${y.toFixed(1)}px, 0)`;
  }
}

/* A drawing is larger than one of its strokes. */
function grown(rect: PixelRect): PixelRect {
  const pad = Math.max(rect.width, rect.height);
  return {
    level: rect.level,
    x: (BigInt(rect.x) - BigInt(pad)).toString(),
    y: (BigInt(rect.y) - BigInt(pad)).toString(),
    width: rect.width + 2 * pad,
    height: rect.height + 2 * pad,
  };
}
