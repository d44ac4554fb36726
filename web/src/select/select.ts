/* Selecting one's own strokes, and moving, scaling, turning, recolouring, doubling and removing them. While that is
 * done the strokes themselves are hidden and a picture of them moves; let go, it is one edit: they are hidden, and
 * others, changed exactly, come in their place. */
import { positionToScreen, screenToPosition } from '../core/camera.ts';
import type { Names } from '../core/history.ts';
import type { Acked, Entry } from '../core/journal.ts';
import { markKey } from '../core/marks.ts';
import { FormatError } from '../core/bytes.ts';
import { EDIT_OPS_MAX, type Stroke } from '../core/op.ts';
import { difference, type Position } from '../core/geometry.ts';
import { screenToWall, wallMatrix } from '../core/turn.ts';
import type { Touch } from '../hand/hand.ts';
import { message } from '../i18n/i18n.ts';
import type { Ink } from '../ink.ts';
import type { App } from '../app/app.ts';
import type { Selecting } from '../app/selecting.ts';
import { TooMuch } from '../app/mine.ts';
import { Asking } from './asking.ts';
import { cornersOfView, insideOf, placeAt, underPointer } from './choose.ts';
import { nameBySeqs, noneReason, openTiles, type Found, type Item } from './find.ts';
import {
  aboutMiddle,
  changeMatrix,
  cornersOf,
  dragging,
  hintLines,
  isIn,
  type Frame,
  type Hold,
} from './frame.ts';
import { Ghost } from './ghost.ts';
import { apply, compose, Overlay, type Grip, type Matrix } from './overlay.ts';
import { boxAlong, type Spot } from './shape.ts';
import { changeSpot, changeStroke, isNothing, recoloured, type Change } from './transform.ts';

interface Grab {
  what: 'lasso' | Hold['what'];
  from: Spot; /* on the screen */
  corner: number;
  trail: Position[]; /* of the lasso */
  isAdding: boolean;
  hasMoved: boolean;
}

/* The originals are hidden by a token that no op has. */
const HELD = -1;
const CLICK_PX = 4;
const PAD_PX = 8;
const NUDGE_MS = 700;
const DOUBLE_PX = 16;
const NONE: Names = { seqs: [], refs: [] };

export function openSelect(app: App, ink: Ink): Select {
  return new Select(app, ink);
}

class Select implements Selecting {
  private items: Item[] = [];
  private frame: Frame | null = null;
  private change: Change | null = null;
  private grab: Grab | null = null;
  private isHeld = false;
  private nudgeTimer = 0;
  private readonly asking = new Asking<Found>({
    failed: (error) => this.say(message('select.notAsked', { reason: error.message })),
    ended: () => this.grab?.what !== 'lasso' && this.overlay.setLasso([]),
  });
  private readonly ghost: Ghost;
  private readonly overlay: Overlay;

  constructor(
    private readonly app: App,
    ink: Ink,
  ) {
    this.ghost = new Ghost(ink);
    this.overlay = new Overlay(
      {
        gripBegin: (grip, corner, at) => this.gripBegin(grip, corner, at),
        gripMove: (at, isRegular) => this.drag(at, isRegular),
        gripEnd: (isDone) => this.end(isDone),
        recolour: () => this.coloured(app.palette.rgb),
        double: () => this.double(),
        remove: () => this.remove(),
        editText: () => this.editText(),
        letGo: () => this.letGo(),
      },
      this.ghost.canvas,
    );
    document.body.append(this.overlay.root);
  }

  /* It may be about to be known which. */
  get hasSelection(): boolean {
    return this.items.length > 0 || this.asking.isOpen;
  }

  /* For tests and the curious. */
  get report(): object {
    const corners = this.frame === null ? [] : this.corners(this.matrix());
    return { count: this.items.length, corners, isHeld: this.isHeld, asked: this.asking.count, isAsking: this.asking.isOpen };
  }

  /* ---- places ---- */

  private get look(): App['wall'] {
    return this.app.wall;
  }

  private placeAt(spot: Spot): Position {
    return placeAt(this.app, spot);
  }

  private localAt(spot: Spot, anchor = this.frame!.anchor): Spot {
    const { camera, viewport } = this.look;
    const { dx, dy } = difference(screenToPosition(camera, viewport, spot.x, spot.y), anchor);
    return { x: dx, y: dy };
  }

  /* CSS pixels per pixel of the anchor's level. */
  private get scale(): number {
    return 2 ** (this.look.camera.zoom - this.frame!.anchor.level);
  }

  /* From around the anchor to the screen, as it is changed now. */
  private matrix(): Matrix {
    const { camera, viewport } = this.look;
    const { anchor } = this.frame!;
    const at = positionToScreen(camera, viewport, anchor);
    const [a, b, c, d] = wallMatrix(camera.turn).map((each) => each * this.scale);
    const screen: Matrix = [a!, b!, c!, d!, at.x, at.y];
    return this.change === null ? screen : compose(screen, changeMatrix(this.frame!, this.change));
  }

  /* Clockwise from the upper left, `padPx` outside. */
  private cornerSpots(padPx: number): Spot[] {
    return cornersOf(this.frame!, padPx / this.scale);
  }

  private corners(matrix: Matrix): Spot[] {
    return this.cornerSpots(PAD_PX).map((spot) => apply(matrix, spot));
  }

  private isInFrame(at: Spot): boolean {
    return this.frame !== null && isIn(this.frame, this.localAt(at), PAD_PX / this.scale);
  }

  /* ---- the pointer ---- */

  begin(touch: Touch): void {
    this.settle();
    const isMove = !touch.isRegular && this.isInFrame(touch);
    if (isMove) {
      this.asking.cancel(); /* what is seen is taken */
    }
    this.grab = {
      what: isMove ? 'move' : 'lasso',
      from: { x: touch.x, y: touch.y },
      corner: 0,
      trail: [this.placeAt(touch)],
      isAdding: touch.isRegular,
      hasMoved: false,
    };
  }

  move(touch: Touch): void {
    this.drag(touch, touch.isRegular);
  }

  private gripBegin(grip: Grip, corner: number, from: Spot): void {
    this.settle();
    this.asking.cancel();
    this.grab = { what: grip, from, corner, trail: [], isAdding: false, hasMoved: false };
  }

  private drag(at: Spot, isRegular: boolean): void {
    const { grab } = this;
    if (grab === null) {
      return;
    }
    const { from } = grab;
    grab.hasMoved ||= Math.hypot(at.x - from.x, at.y - from.y) >= CLICK_PX;
    if (!grab.hasMoved) {
      return;
    }
    if (grab.what === 'lasso') {
      grab.trail.push(this.placeAt(at));
      this.showLasso(false);
      return;
    }
    if (this.frame !== null) {
      const { what, corner } = grab;
      const pad = PAD_PX / this.scale;
      this.change = dragging(this.frame, { what, corner }, pad, this.localAt(from), this.localAt(at), isRegular);
      this.hold();
      this.look.request();
    }
  }

  end(isDone: boolean): void {
    const { grab } = this;
    this.grab = null;
    if (grab === null) {
      return;
    }
    if (grab.what === 'lasso') {
      this.lassoEnd(grab, isDone);
    } else if (!isDone) {
      this.drop();
    } else if (grab.hasMoved) {
      this.commit();
    } else if (grab.what === 'move') {
      this.pick(grab.from, false);
    }
    this.look.request();
  }

  private lassoEnd(grab: Grab, isDone: boolean): void {
    if (!isDone) {
      this.overlay.setLasso([]);
    } else if (!grab.hasMoved) {
      this.pick(grab.from, grab.isAdding);
    } else {
      this.showLasso(true, grab.trail);
      this.choose(grab.trail, grab.isAdding);
    }
  }

  private showLasso(isAsking: boolean, trail = this.grab?.trail ?? []): void {
    const { camera, viewport } = this.look;
    this.overlay.setLasso(
      trail.map((place) => positionToScreen(camera, viewport, place)),
      isAsking,
    );
  }

  /* ---- choosing ---- */

  /* `isNext`: what was chosen before counts as well, also what was not answered yet. */
  private ask(find: () => Promise<Found>, take: (found: Item[]) => void, isNext = false): void {
    const ask = (): void => {
      this.settle();
      void this.asking.ask(find, ({ items, isAll }) => {
        if (!isAll) {
          this.say(message('select.tooMany', { most: EDIT_OPS_MAX }));
        }
        take(items);
      });
    };
    if (isNext || this.asking.isWaiting) {
      this.asking.then(ask);
    } else {
      ask();
    }
  }

  private say(text: string): void {
    this.app.chrome.toast.say(text);
  }

  /* Those that lie mostly inside. */
  private choose(trail: readonly Position[], isAdding: boolean): void {
    this.ask(() => insideOf(this.app, trail), (found) => this.chosen(found, isAdding), isAdding);
  }

  /* The topmost under the pointer. */
  private pick(at: Spot, isAdding: boolean): void {
    const take = (found: Item[]): void => this.chosen(found.slice(-1), isAdding, true);
    this.ask(() => underPointer(this.app, at), take, isAdding);
  }

  private chosen(found: Item[], isAdding: boolean, isToggling = false): void {
    const known = new Set(this.items.map(({ key }) => key));
    const more = found.filter(({ key }) => !known.has(key));
    const isTaken = isAdding && isToggling && more.length === 0 && found.length > 0;
    const kept = isTaken ? this.items.filter(({ key }) => key !== found[0]!.key) : this.items;
    const all = isAdding ? [...kept, ...more] : found;
    if (found.length === 0 && !isAdding && !(isToggling && this.hasSelection)) {
      this.say(noneReason(this.app));
    }
    this.select(all.slice(-EDIT_OPS_MAX));
  }

  private inView(): Promise<Found> {
    return insideOf(this.app, cornersOfView(this.app));
  }

  all(): void {
    this.ask(() => this.inView(), (found) => this.chosen(found, false));
  }

  next(step: 1 | -1): void {
    const take = (found: Item[]): void => {
      const [current] = this.items;
      const at = found.findIndex(({ key }) => key === current?.key);
      const count = found.length;
      const to = at < 0 ? (step > 0 ? count - 1 : 0) : (at - step + count) % count;
      this.chosen(found.slice(to, to + 1), false);
    };
    this.ask(() => this.inView(), take, true);
  }

  private select(items: Item[]): void {
    this.drop();
    this.items = items;
    this.measure();
    void openTiles(this.app, items).catch(() => undefined); /* they go a moment later */
  }

  /* Along the screen. */
  private measure(u?: Spot, v?: Spot): void {
    const { turn } = this.look.camera;
    const axis = ({ dx, dy }: { dx: number; dy: number }): Spot => ({ x: dx, y: dy });
    const axes = [u ?? axis(screenToWall(turn, 1, 0)), v ?? axis(screenToWall(turn, 0, 1))] as const;
    const { viewport } = this.look;
    const anchor = this.placeAt({ x: viewport.width / 2, y: viewport.height / 2 });
    const parts = this.items.map((item) => item.parts);
    const box = boxAlong(parts, anchor, ...axes);
    this.frame = box === null ? null : { anchor, u: axes[0], v: axes[1], box };
    if (this.frame === null) {
      this.overlay.hideSelection();
    } else {
      this.overlay.setCount(this.items.length, this.isText);
      this.overlay.setColor(this.app.palette.rgb);
      this.overlay.setHints(hintLines(this.items, anchor));
    }
    this.look.request();
  }

  letGo(): void {
    this.settle();
    this.asking.cancel();
    this.items = [];
    this.frame = null;
    this.overlay.hideSelection();
    this.overlay.setLasso([]);
    this.look.request();
  }

  /* ---- changing ---- */

  private allNames(): Names {
    return {
      seqs: this.items.flatMap(({ names }) => names.seqs),
      refs: this.items.flatMap(({ names }) => names.refs),
    };
  }

  private hideOriginals(): void {
    const { scene } = this.look;
    const { seqs, refs } = this.allNames();
    scene.override(seqs, true, HELD);
    refs.forEach((ref) => scene.hidePending(markKey(this.app.journal.nonce, ref), true, HELD));
  }

  /* The strokes are in the hand: their picture is shown instead of them. */
  private hold(): void {
    if (!this.isHeld) {
      this.isHeld = true;
      const { camera, viewport } = this.look;
      const { anchor } = this.frame!;
      const spots = this.cornerSpots(1);
      const xs = spots.map(({ x }) => x);
      const ys = spots.map(({ y }) => y);
      const around = { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) };
      this.ghost.draw(this.items, anchor, around, camera, viewport);
      this.hideOriginals();
    }
  }

  /* As if nothing had been done since they were taken. */
  private drop(): void {
    window.clearTimeout(this.nudgeTimer);
    this.nudgeTimer = 0;
    this.change = null;
    if (this.isHeld) {
      this.isHeld = false;
      this.look.scene.takeBack(HELD);
      this.ghost.hide();
      this.look.request();
    }
  }

  /* What the keys moved is done with. */
  private settle(): void {
    if (this.nudgeTimer !== 0) {
      this.commit();
    }
  }

  private commit(): void {
    const { change } = this;
    if (change === null || isNothing(change)) {
      this.drop();
      return;
    }
    const { u, v } = this.frame!;
    const turned = (axis: Spot): Spot =>
      changeSpot({ ...change, scale: 1, dx: 0, dy: 0 }, axis.x, axis.y);
    const strokes = this.items.map(({ parts }) => changeStroke(parts, change));
    this.replace(this.allNames(), strokes, turned(u), turned(v));
  }

  /* One edit. The new strokes are what is selected then, in a frame along these axes. */
  private replace(hides: Names, strokes: Stroke[][], u = this.frame!.u, v = this.frame!.v): void {
    let entry: Entry;
    try {
      entry = this.app.mine.edit(hides, strokes);
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof TooMuch)) {
        throw error;
      }
      this.drop();
      this.say(message(error instanceof TooMuch ? 'select.tooMuch' : 'studio.tooFar'));
      return;
    }
    window.clearTimeout(this.nudgeTimer);
    this.nudgeTimer = 0;
    this.change = null;
    this.isHeld = false;
    this.ghost.hide();
    let next = entry.counter + 1;
    this.items = strokes.map((parts) => {
      const refs = parts.map((_, i) => next + i);
      const key = markKey(this.app.journal.nonce, next);
      next += parts.length;
      return { key, parts, names: { seqs: [], refs } };
    });
    this.measure(u, v);
  }

  /* With what is chosen, once that is known, and where it is. */
  private withChosen(act: (frame: Frame) => void, isSettling = true): void {
    this.asking.then(() => {
      if (this.frame !== null) {
        isSettling && this.settle();
        act(this.frame);
      }
    });
  }

  nudge(dx: number, dy: number): void {
    this.withChosen(({ anchor }) => {
      const way = screenToWall(this.look.camera.turn, dx, dy);
      const before = this.nudgeTimer !== 0 ? this.change : null;
      if (before === null) {
        this.drop();
      }
      this.keyed({
        pivot: anchor,
        scale: 1,
        angle: 0,
        ...before,
        dx: (before?.dx ?? 0) + way.dx / this.scale,
        dy: (before?.dy ?? 0) + way.dy / this.scale,
      });
    }, false);
  }

  grow(factor: number): void {
    this.withChosen((frame) => {
      this.keyed(aboutMiddle(frame, factor, 0));
      this.settle();
    });
  }

  turn(degrees: number): void {
    this.withChosen((frame) => {
      const sense = this.look.camera.turn.isMirrored ? -1 : 1;
      this.keyed(aboutMiddle(frame, 1, (sense * degrees * Math.PI) / 180));
      this.settle();
    });
  }

  /* Steps of the keys that follow each other are one edit. */
  private keyed(change: Change): void {
    this.change = change;
    this.hold();
    window.clearTimeout(this.nudgeTimer);
    this.nudgeTimer = window.setTimeout(() => this.settle(), NUDGE_MS);
    this.look.request();
  }

  coloured(rgb: string): void {
    this.withChosen(() => {
      const color = parseInt(rgb.slice(1), 16);
      this.replace(this.allNames(), this.items.map(({ parts }) => recoloured(parts, color)));
    });
  }

  double(): void {
    this.withChosen(({ anchor }) => {
      const way = screenToWall(this.look.camera.turn, DOUBLE_PX, DOUBLE_PX);
      const [dx, dy] = [way.dx / this.scale, way.dy / this.scale];
      const change = { pivot: anchor, scale: 1, angle: 0, dx, dy };
      this.replace(NONE, this.items.map(({ parts }) => changeStroke(parts, change)));
    });
  }

  /* One text, and nothing else. */
  get isText(): boolean {
    return this.items.length === 1 && this.items[0]!.parts[0]!.text !== undefined;
  }

  /* Its words go back into the field, with the tool that they came from. */
  editText(): void {
    this.withChosen(() => {
      const [item] = this.items;
      if (this.isText) {
        this.letGo();
        this.app.studio.reopen(item!);
      }
    });
  }

  remove(): void {
    this.withChosen(() => {
      this.app.mine.edit(this.allNames(), []);
      this.items = [];
      this.letGo();
    });
  }

  /* ---- what comes from elsewhere ---- */

  framed(): void {
    if (this.frame !== null && this.app.doors.isLooking) {
      this.letGo(); /* the wall as it was has nothing to be changed */
    }
    if (this.frame === null) {
      return;
    }
    const matrix = this.matrix();
    this.overlay.place(this.corners(matrix), matrix, this.isHeld || this.grab !== null);
    if (this.ghost.corner !== null) {
      const { x, y, scale } = this.ghost.place(this.frame.anchor);
      const placed = compose(matrix, [scale, 0, 0, scale, x, y]);
      this.ghost.canvas.style.transform = `matrix(${placed.join(',')})`;
    }
  }

  hover(x: number, y: number): void {
    this.look.canvas.classList.toggle('is-over-selection', this.isInFrame({ x, y }));
  }

  undo(): boolean {
    if (this.asking.takeBack()) {
      return true;
    }
    const wasMoving = this.nudgeTimer !== 0;
    this.drop();
    return wasMoving;
  }

  undone(): void {
    this.drop();
    this.letGo();
  }

  acknowledged(acked: Acked): void {
    for (const item of this.items) {
      const seqs = nameBySeqs(item, acked);
      if (this.isHeld) {
        this.look.scene.override(seqs, true, HELD);
      }
    }
  }

  refused({ counter, count }: Entry): void {
    if (this.items.some(({ names }) => names.refs.some((ref) => ref >= counter && ref < counter + count))) {
      this.drop();
      this.letGo();
    }
  }

  escape(): boolean {
    if (this.grab !== null) {
      this.grab = null;
      this.drop();
      this.overlay.setLasso([]);
      return true;
    }
    const had = this.hasSelection;
    this.letGo();
    return had;
  }

  leave(): void {
    if (this.grab !== null) {
      this.grab = null;
      this.drop();
    }
    this.letGo();
    this.look.canvas.classList.remove('is-over-selection');
  }
}
