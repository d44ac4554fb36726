/* Text: a field over the wall is typed into, and what is seen is the server's outline of it, so that what is kept is
 * what was seen. The field's own letters show only while the outline is late. */
import type { App } from '../app/app.ts';
import type { StudioTool } from '../app/studio.ts';
import type { Acked } from '../core/journal.ts';
import { nameBySeqs, type Item } from '../select/find.ts';
import { displayLevel, positionToScreen, screenToPosition } from '../core/camera.ts';
import { clampToWorld, toLevel, translate, type Position } from '../core/geometry.ts';
import { screenToWall, wallMatrix } from '../core/turn.ts';
import type { Touch } from '../hand/hand.ts';
import { message, type MessageId } from '../i18n/i18n.ts';
import { cssColor } from '../ui/dom.ts';
import { Field, isFont, SIZES, type Font } from './field.ts';
import { Held } from './held.ts';
import { changeText, EDITED, findText, hideText, type Edited } from './reopen.ts';
import { textStrokes, type Direction, type Outline } from './outline.ts';

const BYTES_MAX = 800;
const LATE_MS = 400;
const RETRY_MS = 1_000;
const EM_PX_MAX = 2048;
const LINE = 1.2;

/* Where it was begun, and how it lies. */
interface Site {
  corner: Position; /* of the level that it has */
  zoom: number;
  direction: Direction;
  startMs: number;
  /* What is changed, if it was on the wall before. */
  edited: Edited | null;
}

interface Shown {
  question: string;
  outline: Outline;
}

export function openText(app: App): Text {
  return new Text(app);
}

class Text implements StudioTool {
  private former: { font: Font; size: number } | null = null;
  private readonly held: Held;
  private readonly field: Field;
  private site: Site | null = null;
  private shown: Shown | null = null;
  private asking: string | null = null;
  private isClosing = false;
  private trouble: MessageId | null = null;
  private lateTimer = 0;
  private press: { x: number; y: number } | null = null;
  private font: Font = 'sans';
  private size = 32;

  constructor(private readonly app: App) {
    this.held = new Held(app);
    this.field = new Field({
      typed: () => this.changed(),
      done: () => this.close(),
      cancel: () => this.cancel(),
      setFont: (font) => this.setLook(font, this.size),
      step: (direction) => this.setLook(this.font, stepped(this.size, direction)),
    });
    document.body.append(this.field.root);
    const kept = app.keeping.settings.get('text') as { font?: unknown; size?: unknown } | undefined;
    this.font = isFont(kept?.font) ? kept.font : this.font;
    this.size = SIZES.find((size) => size === kept?.size) ?? this.size;
  }

  get isBusy(): boolean {
    return this.site !== null;
  }

  private setLook(font: Font, size: number): void {
    this.font = font;
    this.size = size;
    if (this.former === null) {
      this.app.keeping.settings.set('text', { font, size });
    }
    this.field.setLook(font, size);
    this.changed();
  }

  /* ---- the pointer ---- */

  begin({ x, y }: Touch): void {
    this.press = { x, y };
  }

  move(): void {
    /* where it went down counts */
  }

  end(isDone: boolean): void {
    const { press } = this;
    this.press = null;
    if (!isDone || press === null) {
      return;
    }
    if (this.site === null) {
      this.open(press);
    } else {
      this.close();
    }
  }

  /* Upright on the screen; never mirrored, or nobody could read it. */
  private open(at: { x: number; y: number }): void {
    const { camera, viewport } = this.app.wall;
    const level = displayLevel(camera.zoom, viewport.ratio);
    const turn = { ...camera.turn, isMirrored: false };
    const direction = { right: screenToWall(turn, 1, 0), down: screenToWall(turn, 0, 1) };
    const scale = 2 ** (level - camera.zoom);
    const up = (-this.size * LINE * scale) / 2;
    const place = toLevel(screenToPosition(camera, viewport, at.x, at.y), level);
    const corner = clampToWorld(translate(place, direction.down.dx * up, direction.down.dy * up));
    const words = this.app.keeping.settings.get('words');
    const site = { corner, zoom: camera.zoom, direction, startMs: Date.now(), edited: null };
    this.openAt(site, typeof words === 'string' ? words : '');
  }

  private openAt(site: Site, words: string): void {
    this.site = site;
    this.shown = null;
    this.trouble = null;
    this.isClosing = false;
    this.field.open(words, this.font, this.size);
    this.field.setColor(cssColor(this.color));
    this.changed();
  }

  /* It keeps the colour that it has, until another is chosen. */
  private get color(): number {
    return this.site?.edited?.color ?? this.app.palette.brush('text').color;
  }

  typed(words: string): void {
    if (words !== '' && this.site !== null) {
      this.field.prepend(words);
      this.changed();
    }
  }

  /* ---- what is on the wall already ---- */

  reopen(item: Item): void {
    void findText(this.app, item).then((found) => {
      if (found === null || this.site !== null || this.app.studio.active !== this) {
        this.app.chrome.toast.say(message(this.app.link === 'open' ? 'text.busy' : 'text.apart'));
        return;
      }
      const { camera } = this.app.wall;
      this.former = { font: this.font, size: this.size };
      this.font = found.font;
      this.size = found.emPx * 2 ** (camera.zoom - found.corner.level);
      hideText(this.app, item, true);
      const { corner, direction } = found;
      const edited = { item, color: item.parts[0]!.color };
      this.openAt({ corner, zoom: camera.zoom, direction, startMs: Date.now(), edited }, item.parts[0]!.text!);
    });
  }

  acknowledged(acked: Acked): void {
    const item = this.site?.edited?.item;
    if (item !== undefined) {
      this.app.wall.scene.override(nameBySeqs(item, acked), true, EDITED);
    }
  }

  /* The look that one writes with oneself. */
  private restoreLook(): void {
    if (this.former !== null) {
      ({ font: this.font, size: this.size } = this.former);
      this.former = null;
    }
  }

  /* ---- the outline ---- */

  private get words(): string {
    return this.field.words;
  }

  /* A newline does not come through a query; a paragraph separator is one to who draws text. */
  private get asked(): string {
    return this.words.replace(/\n/g, '\u2029');
  }

  private get hasWords(): boolean {
    return this.words.trim() !== '';
  }

  private question(site: Site): string {
    const { level } = site.corner;
    const em = Math.min(EM_PX_MAX, Math.max(1, this.size * 2 ** (level - site.zoom)));
    const query = new URLSearchParams({
      text: this.asked,
      font: this.font,
      size: em.toFixed(2),
      level: String(level),
    });
    return query.toString();
  }

  private get isShown(): boolean {
    return this.site !== null && this.shown?.question === this.question(this.site);
  }

  private changed(): void {
    const { site } = this;
    if (site === null) {
      return;
    }
    this.trouble = new TextEncoder().encode(this.asked).length > BYTES_MAX ? 'text.tooLong' : null;
    if (!this.hasWords) {
      this.shown = null;
      this.held.set([]);
    } else if (this.trouble === null && !this.isShown) {
      void this.ask(site);
    }
    this.tell();
  }

  /* One question at a time: the newest words are asked about when it is answered. */
  private async ask(site: Site): Promise<void> {
    if (this.asking !== null) {
      return;
    }
    const question = this.question(site);
    const words = this.words;
    this.asking = question;
    window.clearTimeout(this.lateTimer);
    this.lateTimer = window.setTimeout(() => this.tell(), LATE_MS);
    let retryMs: number | null = null;
    try {
      const response = await fetch(`/api/outline?${question}`);
      if (response.ok) {
        this.came(site, { question, outline: (await response.json()) as Outline }, words);
      } else {
        this.trouble = response.status === 400 ? 'text.tooLarge' : 'text.busy';
        retryMs = response.status === 400 ? null : RETRY_MS;
      }
    } catch {
      this.trouble = 'text.apart';
      retryMs = this.app.link === 'open' ? RETRY_MS : null; /* or when the server is there again */
    }
    this.asking = null;
    if (this.site !== site) {
      this.changed();
    } else if (this.trouble === null && !this.isShown && this.hasWords) {
      void this.ask(site);
    } else if (retryMs !== null) {
      window.setTimeout(() => this.changed(), retryMs);
    }
    if (this.trouble !== null && this.site === site) {
      this.isClosing = false; /* the words stay in the field */
    }
    this.tell();
    if (this.isClosing && this.isShown) {
      this.close();
    }
  }

  private came(site: Site, shown: Shown, words: string): void {
    if (this.site !== site) {
      return;
    }
    this.shown = shown;
    this.trouble = null;
    this.draw(words);
    const { width, height } = shown.outline;
    const scale = 2 ** (site.zoom - site.corner.level) / 8;
    this.field.fit(width * scale, height * scale);
  }

  private draw(words: string): void {
    const { site, shown } = this;
    if (site !== null && shown !== null) {
      const { corner, direction, startMs, edited } = site;
      const strokes = textStrokes(shown.outline, corner, direction, words, this.color, startMs);
      this.held.set(strokes, edited === null);
    }
  }

  private tell(): void {
    const isLate = this.asking !== null && this.shown === null;
    this.field.setState(this.hasWords && (this.isShown || !isLate) && this.trouble === null);
    this.field.say(this.trouble === null ? '' : message(this.trouble));
    this.app.wall.request();
  }

  /* ---- the end ---- */

  /* Keeps it, as soon as it is seen. */
  private close(): void {
    if (this.site === null) {
      return;
    }
    const { edited } = this.site;
    if (!this.hasWords && edited === null) {
      this.cancel();
    } else if (this.isShown || !this.hasWords) {
      this.site = null;
      this.forgetWords();
      this.restoreLook();
      this.field.close();
      try {
        if (edited === null) {
          this.held.commit();
        } else {
          changeText(this.app, edited.item, this.held.take());
        }
      } catch {
        this.app.chrome.toast.say(message('studio.tooFar'));
      }
    } else {
      this.isClosing = true;
      this.changed();
    }
  }

  private forgetWords(): void {
    if (this.app.keeping.settings.get('words') !== undefined) {
      this.app.keeping.settings.set('words', '');
    }
  }

  private cancel(): void {
    if (this.site?.edited) {
      hideText(this.app, this.site.edited.item, false);
    }
    this.site = null;
    this.restoreLook();
    this.shown = null;
    this.forgetWords();
    this.field.close();
    this.held.cancel();
    this.app.wall.canvas.focus({ preventScroll: true });
  }

  escape(): boolean {
    const wasOpen = this.site !== null;
    if (wasOpen) {
      this.cancel();
    }
    return wasOpen;
  }

  /* What the server has not drawn yet is in the field the next time. */
  leave(): void {
    if (this.site !== null && this.hasWords && !this.isShown) {
      const { words } = this;
      this.cancel();
      this.app.keeping.settings.set('words', words);
      this.app.chrome.toast.say(message('text.kept'));
    } else {
      this.close();
    }
  }

  /* ---- what comes from elsewhere ---- */

  get report(): object {
    return { isOpen: this.site !== null, isShown: this.isShown, trouble: this.trouble };
  }

  coloured(): void {
    if (this.site?.edited) {
      this.site.edited.color = null;
    }
    this.field.setColor(cssColor(this.color));
    this.draw(this.words);
  }

  linked(): void {
    if (this.app.link === 'open' && this.trouble === 'text.apart') {
      this.changed();
    }
  }

  framed(): void {
    const { site } = this;
    this.held.framed(performance.now());
    if (site === null) {
      return;
    }
    if (this.app.doors.isLooking) {
      this.leave();
      return;
    }
    const { camera, viewport } = this.app.wall;
    const at = positionToScreen(camera, viewport, site.corner);
    const zoom = 2 ** (camera.zoom - site.zoom);
    const [a, b, c, d] = wallMatrix(camera.turn);
    const seen = ({ dx, dy }: { dx: number; dy: number }): [number, number] => [
      (a * dx + c * dy) * zoom,
      (b * dx + d * dy) * zoom,
    ];
    const { right, down } = site.direction;
    const hidden = this.field.place([...seen(right), ...seen(down), at.x, at.y]);
    if (hidden > 0) {
      this.app.wall.pan(0, -hidden); /* behind the keyboard of the screen */
    }
  }
}

function stepped(size: number, direction: 1 | -1): number {
  const others = SIZES.filter((each) => (each - size) * direction > 0.5);
  return (direction > 0 ? others[0] : others[others.length - 1]) ?? size;
}
