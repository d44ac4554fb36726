/* Says quietly what holds here: a chip beside one's name (the wall rests, is for those who are invited, or how much of a newcomer's ink
 * there is), and areas as soft outlines with their names. */
import { Droplet, Eye, MailOpen } from 'lucide';
import type { App } from '../app/app.ts';
import type { AreaTold, Told } from '../app/standing.ts';
import type { Camera, Viewport } from '../core/camera.ts';
import { decodeOp } from '../core/op.ts';
import { wallMatrix } from '../core/turn.ts';
import { boxOfRect } from '../history/area.ts';
import { locale, message } from '../i18n/i18n.ts';
import { element, icon } from '../ui/dom.ts';
import { loadStyles } from '../ui/styles.ts';
import { inkOf, Inkwell } from './ink.ts';
import { wordsFor } from './words.ts';

const SVG = 'http://www.w3.org/2000/svg';
/* What is smaller is a speck, and needs no frame. */
const SEEN_PX = 24;
const LABEL_PX = 90;
const LOW_SHARE = 0.2;
const TICK_MS = 1_000;

const KINDS = {
  protected: 'policy.kindProtected',
  owned: 'policy.kindProtected',
  quiet: 'policy.kindQuiet',
  frozen: 'policy.kindFrozen',
} as const;

interface Frame {
  told: AreaTold;
  root: SVGGElement;
  box: SVGRectElement;
  label: SVGTextElement;
}

export class PolicyView {
  readonly outlines = document.createElementNS(SVG, 'svg');
  private readonly words = element('span', { class: 'chip-text' });
  private readonly fill = element('span', { class: 'ink-fill' });
  private readonly meter = element('span', { class: 'ink-meter', 'aria-hidden': 'true' }, this.fill);
  private readonly sign = element('span', { class: 'policy-sign' });
  private readonly chip: HTMLElement;
  private readonly well = new Inkwell();
  private told: Told = {};
  private frames: Frame[] = [];
  private camera: Camera | null = null;
  private viewport: Viewport | null = null;
  private timer = 0;

  constructor(private readonly app: App) {
    this.chip = element('div', { class: 'policy-chip', role: 'status' }, this.sign, this.words, this.meter);
    this.chip.hidden = true;
    this.outlines.setAttribute('class', 'areas');
    this.outlines.setAttribute('aria-hidden', 'true');
    app.chrome.corner.prepend(this.chip);
    app.wall.canvas.after(this.outlines);
  }

  show(told: Told): void {
    if (told.ink != null && told.ink !== this.told.ink) {
      this.well.set(told.ink.left, told.ink.per_minute, performance.now());
    }
    if (told.areas !== this.told.areas) {
      this.frames = (told.areas ?? []).map((area) => this.frameOf(area));
      this.outlines.replaceChildren(...this.frames.map(({ root }) => root));
      this.camera = null;
    }
    this.told = told;
    this.say();
    this.app.wall.request();
  }

  said(text: string): string | null {
    return wordsFor(text);
  }

  drew(bodies: readonly Uint8Array[]): void {
    if (this.told.ink == null) {
      return;
    }
    for (const body of bodies) {
      const op = decodeOp(body);
      if (op.kind === 'stroke') {
        this.well.take(inkOf(op), performance.now());
      }
    }
    this.say();
  }

  framed(): void {
    const { camera, viewport } = this.app.wall;
    if (this.frames.length > 0 && (camera !== this.camera || viewport !== this.viewport)) {
      [this.camera, this.viewport] = [camera, viewport];
      this.frames.forEach((frame) => this.place(frame, camera, viewport));
    }
  }

  /* ---- the chip ---- */

  private say(): void {
    const { mode, draw, ink, until } = this.told;
    const isResting = draw === false;
    this.chip.hidden = this.app.page.isWatching || (!isResting && ink == null);
    this.meter.hidden = isResting || ink == null;
    if (isResting) {
      const what = message(mode === 'invited' ? 'policy.invited' : 'policy.readOnly');
      const time = until == null ? '' : new Intl.DateTimeFormat(locale(), { hour: 'numeric', minute: 'numeric' }).format(until);
      this.tell(mode === 'invited' ? MailOpen : Eye, time === '' ? what : message('policy.until', { what, time }), what);
    } else if (ink != null) {
      this.tellInk();
    }
  }

  private tell(sign: Parameters<typeof icon>[0], text: string, hint: string): void {
    if (this.words.textContent !== text) {
      this.sign.replaceChildren(icon(sign));
      this.words.textContent = text;
      this.chip.title = hint;
    }
  }

  /* While it is full there is nothing to say but that it is there. */
  private tellInk(): void {
    const nowMs = performance.now();
    const share = this.well.shareAt(nowMs);
    this.tell(Droplet, message('policy.ink'), message('policy.inkHint'));
    this.chip.classList.toggle('is-low', share < LOW_SHARE);
    this.fill.style.transform = `scaleX(${share.toFixed(3)})`;
    window.clearTimeout(this.timer);
    if (share < 1) {
      this.timer = window.setTimeout(() => this.say(), TICK_MS);
    }
  }

  /* ---- areas ---- */

  private frameOf(told: AreaTold): Frame {
    const root = document.createElementNS(SVG, 'g');
    const box = document.createElementNS(SVG, 'rect');
    const label = document.createElementNS(SVG, 'text');
    root.setAttribute('class', `area is-${told.kind}`);
    root.setAttribute('data-area', told.area);
    /* What it is goes without saying where it has a name, but for who keeps order. */
    const kind = document.createElementNS(SVG, 'tspan');
    kind.textContent = told.name === '' ? message(KINDS[told.kind]) : `${message(KINDS[told.kind])} · `;
    kind.setAttribute('class', told.name === '' ? '' : 'area-kind');
    label.append(kind, told.name);
    root.append(box, label);
    return { told, root, box, label };
  }

  private place({ told, root, box, label }: Frame, camera: Camera, viewport: Viewport): void {
    const at = boxOfRect(camera, viewport, told);
    const reach = at.width + at.height;
    const isSeen =
      Math.max(at.width, at.height) >= SEEN_PX &&
      at.x + reach >= 0 && at.y + reach >= 0 &&
      at.x - reach <= viewport.width && at.y - reach <= viewport.height;
    root.toggleAttribute('hidden', !isSeen);
    root.setAttribute('display', isSeen ? 'inline' : 'none');
    if (isSeen) {
      root.setAttribute('transform', `matrix(${wallMatrix(camera.turn).join()} ${at.x} ${at.y})`);
      box.setAttribute('width', String(at.width));
      box.setAttribute('height', String(at.height));
      label.setAttribute('display', at.width >= LABEL_PX ? 'inline' : 'none');
    }
  }
}

export async function openPolicy(app: App): Promise<PolicyView> {
  await loadStyles('policy');
  return new PolicyView(app);
}
