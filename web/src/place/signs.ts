/* The signs at the edge of the screen: where people draw now that one does not see. They are soft, few, and
 * let the pen through while one draws. */
import type { Camera, Viewport } from '../core/camera.ts';
import { shownName } from '../i18n/former.ts';
import { formatNumber, message } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';
import { edgeMarks, othersIn, type EdgeMark, type Inset, type Lively } from './lively.ts';
import { tintOf } from './tint.ts';
import { directionOf, namesOf } from './words.ts';

const MARKS_MAX = 6;
const MARKS_MAX_NARROW = 4;
const NARROW_PX = 720;
const CLEAR_PX = 34;
/* Whoever has not drawn for this long is no news. */
const FRESH_MS = 90_000;
const WIDE: Inset = { top: 76, right: 40, bottom: 100, left: 40 };
const NARROW: Inset = { top: 76, right: 26, bottom: 100, left: 26 };

interface Sign {
  root: HTMLButtonElement;
  arrow: HTMLElement;
  initial: HTMLElement;
  name: HTMLElement;
  place: Lively;
}

export class Signs {
  readonly root = element('div', { class: 'signs', role: 'group' });
  private readonly signs = new Map<string, Sign>();
  private places: readonly Lively[] = [];
  private camera: Camera | null = null;
  private viewport: Viewport | null = null;
  private isStale = false;
  private box: DOMRect | null = null;

  constructor(
    private readonly go: (place: Lively) => void,
    private readonly self: () => number,
    /* What lies over the edge, or null. */
    private readonly obstacle: () => DOMRect | null,
  ) {
    this.root.setAttribute('aria-label', message('place.elsewhere'));
  }

  get count(): number {
    return this.signs.size;
  }

  /* The liveliest first. */
  set(places: readonly Lively[], clockMs: number): void {
    const isFresh = ({ last }: Lively): boolean => clockMs - last < FRESH_MS;
    this.places = othersIn(places, this.self()).filter(isFresh);
    this.box = this.obstacle();
    this.isStale = true;
  }

  draw(camera: Camera, viewport: Viewport): void {
    if (camera === this.camera && viewport === this.viewport && !this.isStale) {
      return;
    }
    /* With the wall a sign moves at once; when only the news is other, it glides. */
    this.root.classList.toggle('is-gliding', camera === this.camera);
    [this.camera, this.viewport, this.isStale] = [camera, viewport, false];
    const isNarrow = viewport.width < NARROW_PX;
    const most = isNarrow ? MARKS_MAX_NARROW : MARKS_MAX;
    const marks = edgeMarks(this.places, camera, viewport, isNarrow ? NARROW : WIDE, most);
    for (const [key, sign] of this.signs) {
      if (!marks.some((mark) => mark.key === key)) {
        sign.root.remove();
        this.signs.delete(key);
      }
    }
    marks.forEach((mark) => this.put(this.beside(mark, viewport), viewport));
  }

  /* Beside what would hide it, towards the middle. */
  private beside(mark: EdgeMark, viewport: Viewport): EdgeMark {
    const { box } = this;
    const isHidden =
      box !== null &&
      mark.x > box.left - CLEAR_PX &&
      mark.x < box.right + CLEAR_PX &&
      mark.y > box.top - CLEAR_PX &&
      mark.y < box.bottom + CLEAR_PX;
    if (!isHidden) {
      return mark;
    }
    const isLeft = box.left + box.right < viewport.width;
    return { ...mark, x: isLeft ? box.right + CLEAR_PX : box.left - CLEAR_PX };
  }

  private put(mark: EdgeMark, viewport: Viewport): void {
    const sign = this.signs.get(mark.key) ?? this.make(mark.key);
    sign.place = mark.place;
    const { root } = sign;
    root.style.transform = `translate3d(${mark.x.toFixed(1)}px, ${mark.y.toFixed(1)}px, 0)`;
    const first = mark.artists[0];
    root.style.setProperty('--tint', tintOf(first?.artist ?? 0));
    root.classList.toggle('is-deep', mark.angle === null);
    /* The name stands on the side where there is room. */
    root.classList.toggle('is-right', mark.x > viewport.width / 2);
    sign.arrow.style.transform = mark.angle === null ? '' : `rotate(${mark.angle.toFixed(3)}rad)`;
    const others = mark.count - 1;
    const name = shownName(first?.name ?? '');
    setText(sign.initial, mark.angle === null ? '' : initialOf(name));
    setText(sign.name, others > 0 ? `${name} +${formatNumber(others)}` : name);
    const label = labelOf(mark);
    if (root.title !== label) {
      root.title = label;
      root.setAttribute('aria-label', label);
    }
  }

  private make(key: string): Sign {
    const arrow = element('span', { class: 'sign-arrow' });
    const initial = element('span', { class: 'sign-dot' });
    const name = element('span', { class: 'sign-name' });
    const root = element('button', { type: 'button', class: 'sign' }, arrow, initial, name);
    const sign = { root, arrow, initial, name, place: null as unknown as Lively };
    root.addEventListener('click', () => this.go(sign.place));
    this.signs.set(key, sign);
    this.root.append(root);
    return sign;
  }
}

function initialOf(name: string): string {
  return [...name][0]?.toLocaleUpperCase() ?? '';
}

function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

function labelOf(mark: EdgeMark): string {
  const who = namesOf(mark.artists, mark.count);
  const count = Math.max(1, mark.count);
  if (mark.angle === null) {
    return message('place.drawsDeep', { who, count });
  }
  const where = directionOf(mark.angle);
  const screens = Math.max(1, Math.round(mark.screens));
  return screens > 99
    ? message('place.drawsFar', { who, count, where })
    : message('place.draws', { who, count, where, screens });
}
