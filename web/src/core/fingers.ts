/* What touches mean. One finger draws, or moves the wall where a pen is used; two to five hold it; a tap of two
 * undoes, of three brings back. The palm, and what comes with the pen, means nothing. Knows contacts and times
 * alone: the events of the browser, and what is done, are outside. Pure.
 *
 * A contact is one of: the one that draws; one of those that hold the wall; ignored until it is lifted. The first
 * to come begins a *set*, which lasts until all are lifted; a tap is a set that was short and did not move. */
import { stepOf, Throw, Twist, type Spot, type Step } from './grip.ts';

export interface Contact extends Spot {
  id: number;
  timeMs: number;
  sizePx: number; /* the longer side of what touches; 0 where it is not told */
}

export interface FingerEvents {
  /* May a lone finger draw here and now? If not, it moves the wall. */
  mayDraw(): boolean;
  begin(id: number): void;
  end(): void;
  cancel(): void;
  gripped(isGripping: boolean): void;
  moved(step: Step): void;
  thrown(vx: number, vy: number): void;
  tapped(fingers: number): void;
}

/* A second finger this soon, or before the first has come this far, means that the first was not drawing. */
const YOUNG_MS = 350;
const YOUNG_PX = 24;
const TAP_MS = 330;
const SLOP_PX = 7;
const PRESS_PX = 9;
/* Touches this soon after the pen may be the hand that holds it. */
const PEN_MS = 500;
const SUSPECT_PX = 24;
const PALM_PX = 90;
const PALM_PX_WITH_PEN = 50;
/* What begins here and is taken by the system was its own gesture. */
const EDGE_PX = 28;

interface Held extends Spot {
  from: Spot;
  timeMs: number;
  base: Spot; /* up to where its movement has been used */
  isIgnored: boolean;
  isSuspect: boolean;
}

export class Fingers {
  private readonly held = new Map<number, Held>();
  private drawing: number | null = null;
  private isGripping = false;
  private isLoose = true;
  private setMs = 0;
  private most = 0;
  private isTap = false;
  private isPenDown = false;
  private hasPen = false;
  private penMs = -Infinity;
  private readonly twist = new Twist();
  private readonly flight = new Throw();

  constructor(
    private readonly events: FingerEvents,
    private readonly width: () => number,
  ) {}

  isDrawing(id: number): boolean {
    return id === this.drawing;
  }

  down(contact: Contact): void {
    const { id, x, y, timeMs } = contact;
    const spot = { x, y };
    const isSuspect = this.isPenDown || timeMs - this.penMs < PEN_MS;
    const held = { x, y, from: spot, base: spot, timeMs, isIgnored: false, isSuspect };
    const isFirst = this.active.length === 0;
    this.held.set(id, held);
    if (this.isPenDown || this.isPalm(contact)) {
      held.isIgnored = true;
      return;
    }
    if (isFirst) {
      this.beginSet(timeMs);
    }
    this.isTap = this.isTap && !isSuspect;
    if (this.drawing !== null) {
      this.joinDrawing(held, timeMs);
    } else if (isFirst && !isSuspect && this.events.mayDraw()) {
      this.drawing = id;
      this.events.begin(id);
    } else {
      this.grip();
    }
    this.most = Math.max(this.most, this.active.length);
  }

  private beginSet(timeMs: number): void {
    this.setMs = timeMs;
    this.most = 0;
    this.isTap = true;
    this.isLoose = true;
    this.twist.reset();
    this.flight.reset();
  }

  /* One that comes to a stroke that is well under way is a slip. */
  private joinDrawing(held: Held, timeMs: number): void {
    const first = this.held.get(this.drawing!)!;
    if (this.isYoung(first, timeMs)) {
      this.drawing = null;
      this.events.cancel();
      first.from = { x: first.x, y: first.y };
      first.base = first.from;
      this.grip();
    } else {
      held.isIgnored = true;
      this.isTap = false;
    }
  }

  private isYoung(held: Held, timeMs: number): boolean {
    return timeMs - held.timeMs < YOUNG_MS || wayOf(held) < YOUNG_PX;
  }

  private isPalm({ sizePx }: Contact): boolean {
    return sizePx > (this.hasPen ? PALM_PX_WITH_PEN : PALM_PX);
  }

  private get active(): Held[] {
    return [...this.held.values()].filter((held) => !held.isIgnored);
  }

  private grip(): void {
    this.rebase();
    if (!this.isGripping) {
      this.isGripping = true;
      this.events.gripped(true);
    }
  }

  /* While they are loose, what they moved is still to come. */
  private rebase(): void {
    if (!this.isLoose) {
      this.active.forEach((held) => (held.base = { x: held.x, y: held.y }));
    }
  }

  move(contact: Contact): void {
    const held = this.held.get(contact.id);
    if (held === undefined) {
      return;
    }
    held.x = contact.x;
    held.y = contact.y;
    if (held.isIgnored) {
      return;
    }
    const isDrawing = this.isDrawing(contact.id);
    const mayBePalm = isDrawing ? this.isYoung(held, contact.timeMs) : this.isLoose;
    if (mayBePalm && this.isPalm(contact)) {
      this.drop(held, isDrawing); /* a palm comes down edge first */
      return;
    }
    this.isTap = this.isTap && wayOf(held) <= SLOP_PX * 2;
    if (!isDrawing && this.isGripping) {
      this.pull(contact.timeMs);
    }
  }

  private drop(held: Held, isDrawing: boolean): void {
    held.isIgnored = true;
    this.isTap = false;
    if (isDrawing) {
      this.drawing = null;
      this.events.cancel();
    }
    this.rebase();
    this.endGripIfEmpty();
  }

  private pull(timeMs: number): void {
    const { active } = this;
    if (this.isLoose && !active.some((held) => wayOf(held) > slopOf(held, active.length))) {
      return;
    }
    this.isLoose = false;
    const step = stepOf(
      active.map(({ base }) => base),
      active,
    );
    const radius = active.reduce((sum, { x, y }) => sum + Math.hypot(x - step.x, y - step.y), 0);
    const degrees = this.twist.take(step, radius / active.length);
    this.rebase();
    this.flight.add(timeMs, step.dx, step.dy);
    this.events.moved({ ...step, degrees });
  }

  up(id: number, timeMs: number): void {
    const held = this.held.get(id);
    if (held === undefined) {
      return;
    }
    this.held.delete(id);
    if (this.isDrawing(id)) {
      this.drawing = null;
      this.events.end();
    } else if (!held.isIgnored) {
      this.letGo(timeMs);
    }
  }

  private letGo(timeMs: number): void {
    this.rebase();
    if (this.active.length > 0) {
      return;
    }
    this.endGripIfEmpty();
    const isTap = this.isTap && this.isLoose && timeMs - this.setMs < TAP_MS;
    const speed = this.isLoose ? null : this.flight.speed(timeMs);
    if (isTap && this.most > 1) {
      this.events.tapped(this.most);
    } else if (speed !== null) {
      this.events.thrown(speed.vx, speed.vy);
    }
  }

  private endGripIfEmpty(): void {
    if (this.isGripping && this.active.length === 0) {
      this.isGripping = false;
      this.events.gripped(false);
    }
  }

  /* The system took it: for a gesture of its own, a call, another app. */
  cancelled(id: number, timeMs: number): void {
    const held = this.held.get(id);
    if (held === undefined) {
      return;
    }
    this.held.delete(id);
    this.isTap = false;
    this.flight.reset();
    if (this.isDrawing(id)) {
      this.drawing = null;
      const isFromEdge = Math.min(held.from.x, this.width() - held.from.x) < EDGE_PX;
      if (isFromEdge || this.isYoung(held, timeMs)) {
        this.events.cancel();
      } else {
        this.events.end();
      }
    } else if (!held.isIgnored) {
      this.letGo(timeMs);
    }
  }

  /* The hand that holds the pen lies on the glass: what touches it now, and hardly moved, was never meant. */
  penDown(timeMs: number): void {
    this.penNear(timeMs);
    this.isPenDown = true;
    if (this.drawing !== null) {
      const held = this.held.get(this.drawing)!;
      this.drawing = null;
      if (this.isYoung(held, timeMs)) {
        this.events.cancel();
      } else {
        this.events.end();
      }
    }
    this.held.forEach((held) => (held.isIgnored = true));
    this.endGripIfEmpty();
  }

  penUp(timeMs: number): void {
    this.penNear(timeMs);
    this.isPenDown = false;
  }

  penNear(timeMs: number): void {
    this.hasPen = true;
    this.penMs = timeMs;
  }

  /* It rests where it came down, alone. */
  isResting(id: number): boolean {
    const held = this.held.get(id);
    return (
      held !== undefined &&
      !held.isIgnored &&
      !held.isSuspect &&
      this.active.length === 1 &&
      this.most === 1 &&
      wayOf(held) <= PRESS_PX
    );
  }

  /* From now on it is somebody else's: it is told of as one that draws. */
  takeOver(id: number): void {
    if (this.drawing === null && this.isGripping) {
      this.isGripping = false;
      this.events.gripped(false);
    }
    this.drawing = id;
    this.isTap = false;
  }
}

function wayOf(held: Held): number {
  return Math.hypot(held.x - held.from.x, held.y - held.from.y);
}

function slopOf(held: Held, count: number): number {
  return held.isSuspect && count === 1 ? SUSPECT_PX : SLOP_PX;
}
