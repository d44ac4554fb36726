/* What fingers, pen and mouse mean: one draws, two fingers move, zoom and turn the wall, so do the
 * space bar, the middle button and the wheel. Knows where pointers are, not what is done with
 * it; what several touches mean is core/fingers.ts. */
import { Fingers, type Contact } from '../core/fingers.ts';
import type { Step } from '../core/grip.ts';
import { altitudeOf } from '../core/pen.ts';
import type { Touch } from './hand.ts';

export interface GestureEvents {
  /* May a stroke begin? If not, the pointer moves the wall. */
  canDraw(): boolean;
  /* Do fingers draw, or is that the pen's? */
  fingersDraw(): boolean;
  drawBegin(touch: Touch, hasPressure: boolean, isEraser: boolean): void;
  /* `predicted`: where the browser thinks the pointer will be by the time this is seen. */
  drawMove(touches: Touch[], predicted: Touch[]): void;
  drawEnd(): void;
  drawCancel(): void;
  isDrawing(): boolean;
  /* The brush's size follows a drag with the right button, or with Control. */
  sizeBegin(x: number, y: number): void;
  sizeMove(dx: number, dy: number): void;
  sizeEnd(): void;
  pan(dx: number, dy: number): void;
  /* Fingers moved the wall, at once. */
  grip(step: Step): void;
  /* Let go in full motion. */
  fling(vx: number, vy: number): void;
  /* Zooms by a factor about a place, at once. */
  pinch(x: number, y: number, factor: number): void;
  /* Zooms by steps of the wheel about a place, smoothly. */
  wheel(x: number, y: number, levels: number): void;
  hover(x: number, y: number, isInside: boolean): void;
  panning(isPanning: boolean): void;
  tapped(fingers: number): void;
  /* A finger rests; true: what it does until it is lifted is told as drawing, to somebody else. */
  longPress(x: number, y: number): boolean;
  penCame(): void;
}

interface Finger {
  x: number;
  y: number;
}

const ERASER_BUTTON = 32;
const TRACKPAD_HOLD_MS = 280;
const WHEEL_LEVELS = 0.0025;
const PINCH_LEVELS = 0.012;
const LINE_PX = 33;
const LONG_PRESS_MS = 560;
/* A stroke this short, taken by the system, was not meant. */
const SLIP_MS = 350;

export class Gestures {
  isSpaceDown = false;
  private readonly fingers: Fingers;
  private drawing: number | null = null;
  private drawingSinceMs = 0;
  private grip: number | null = null;
  private gripAt: Finger = { x: 0, y: 0 };
  private sizing: number | null = null;
  private sizingFrom: Finger = { x: 0, y: 0 };
  private pressTimer = 0;
  private trackpadUntilMs = 0;
  private readonly removals: (() => void)[] = [];

  constructor(
    private readonly element: HTMLElement,
    private readonly events: GestureEvents,
  ) {
    this.fingers = this.makeFingers();
    this.listen('pointerdown', (event) => this.down(event));
    this.listen('pointermove', (event) => this.move(event));
    this.listen('pointerup', (event) => this.up(event, false));
    this.listen('pointercancel', (event) => this.up(event, true));
    this.listen('lostpointercapture', (event) => this.up(event, false));
    this.listen('pointerleave', (event) => this.events.hover(event.clientX, event.clientY, false));
    this.listen('wheel', (event) => this.wheel(event));
    this.listen('contextmenu', (event) => event.preventDefault());
    this.listen('blur', () => this.element.classList.remove('is-pointed'));
    /* Or a phone's browser goes back, shows a magnifying glass, or takes two taps for a zoom. */
    this.listen('touchstart', (event) => event.cancelable && event.preventDefault());
    /* Safari's own pinch would zoom the page. */
    for (const name of ['gesturestart', 'gesturechange']) {
      const refuse = (event: Event): void => event.preventDefault();
      element.addEventListener(name, refuse);
      this.removals.push(() => element.removeEventListener(name, refuse));
    }
  }

  private makeFingers(): Fingers {
    const { events } = this;
    return new Fingers(
      {
        mayDraw: () => events.canDraw() && events.fingersDraw() && this.drawing === null,
        begin: () => undefined /* down() has the event */,
        end: () => events.drawEnd(),
        cancel: () => events.drawCancel(),
        gripped: (isGripping) => events.panning(isGripping),
        moved: (step) => events.grip(step),
        thrown: (vx, vy) => events.fling(vx, vy),
        tapped: (count) => events.tapped(count),
      },
      () => this.element.clientWidth,
    );
  }

  remove(): void {
    window.clearTimeout(this.pressTimer);
    this.removals.forEach((remove) => remove());
  }

  private listen<K extends keyof HTMLElementEventMap>(
    name: K,
    handle: (event: HTMLElementEventMap[K]) => void,
  ): void {
    this.element.addEventListener(name, handle, { passive: false });
    this.removals.push(() => this.element.removeEventListener(name, handle));
  }

  private down(event: PointerEvent): void {
    event.preventDefault();
    /* A focus that a script gives counts as the keyboard's, and would be outlined. */
    this.element.classList.add('is-pointed');
    this.element.focus({ preventScroll: true });
    this.capture(event.pointerId);
    if (event.pointerType === 'touch') {
      this.touchDown(event);
      return;
    }
    if (event.pointerType === 'pen') {
      this.fingers.penDown(event.timeStamp);
      this.events.penCame();
    }
    const isSizing = event.button === 2 || (event.button === 0 && event.ctrlKey);
    if (isSizing && this.drawing === null && !this.isSpaceDown && this.events.canDraw()) {
      this.sizing = event.pointerId;
      this.sizingFrom = { x: event.clientX, y: event.clientY };
      this.events.sizeBegin(event.clientX, event.clientY);
      return;
    }
    const isGrip = event.button === 1 || this.isSpaceDown || !this.events.canDraw();
    if (isGrip && event.button !== 2) {
      this.gripBegin(event);
    } else if (event.button === 0 || (event.pointerType === 'pen' && event.button === 5)) {
      this.drawBegin(event);
    }
  }

  private capture(pointer: number): void {
    try {
      this.element.setPointerCapture(pointer);
    } catch {
      /* it is gone already, or was made by a script */
    }
  }

  private touchDown(event: PointerEvent): void {
    const { pointerId } = event;
    this.fingers.down(contactOf(event));
    if (this.fingers.isDrawing(pointerId)) {
      this.events.drawBegin(touchOf(event), hasPressure(event), false);
    }
    window.clearTimeout(this.pressTimer);
    this.pressTimer = window.setTimeout(() => {
      /* A busy page is told late of what the finger did: before a frame it was told of all. */
      window.requestAnimationFrame(() => this.press(event));
    }, LONG_PRESS_MS);
  }

  private press({ pointerId, clientX, clientY }: PointerEvent): void {
    if (this.fingers.isResting(pointerId) && this.events.longPress(clientX, clientY)) {
      this.fingers.takeOver(pointerId);
    }
  }

  private drawBegin(event: PointerEvent): void {
    this.drawing = event.pointerId;
    this.drawingSinceMs = event.timeStamp;
    const isEraser = event.pointerType === 'pen' && (event.buttons & ERASER_BUTTON) !== 0;
    this.events.drawBegin(touchOf(event), hasPressure(event), isEraser);
  }

  private gripBegin(event: PointerEvent): void {
    this.grip = event.pointerId;
    this.gripAt = { x: event.clientX, y: event.clientY };
    this.events.panning(true);
  }

  private move(event: PointerEvent): void {
    if (event.pointerType === 'touch') {
      this.fingers.move(contactOf(event));
      if (this.fingers.isDrawing(event.pointerId)) {
        this.events.drawMove(coalesced(event).map(touchOf), predicted(event).map(touchOf));
      }
      return;
    }
    if (event.pointerType === 'pen') {
      this.fingers.penNear(event.timeStamp);
    }
    if (event.pointerId === this.drawing) {
      this.events.drawMove(coalesced(event).map(touchOf), predicted(event).map(touchOf));
    } else if (event.pointerId === this.sizing) {
      this.events.sizeMove(event.clientX - this.sizingFrom.x, event.clientY - this.sizingFrom.y);
      return;
    } else if (event.pointerId === this.grip) {
      this.events.pan(event.clientX - this.gripAt.x, event.clientY - this.gripAt.y);
      this.gripAt = { x: event.clientX, y: event.clientY };
    }
    this.events.hover(event.clientX, event.clientY, true);
  }

  private up(event: PointerEvent, isCancelled: boolean): void {
    const { pointerId, pointerType, timeStamp } = event;
    if (pointerType === 'touch') {
      if (isCancelled) {
        this.fingers.cancelled(pointerId, timeStamp);
      } else {
        this.fingers.up(pointerId, timeStamp);
      }
      return;
    }
    if (pointerType === 'pen') {
      this.fingers.penUp(timeStamp);
    }
    if (pointerId === this.drawing) {
      this.drawing = null;
      if (isCancelled && timeStamp - this.drawingSinceMs < SLIP_MS) {
        this.events.drawCancel();
      } else {
        this.events.drawEnd();
      }
    }
    if (pointerId === this.sizing) {
      this.sizing = null;
      this.events.sizeEnd();
    }
    if (pointerId === this.grip) {
      this.grip = null;
      this.events.panning(false);
    }
  }

  /* A mouse wheel zooms; a trackpad's two fingers pan, and zoom when they pinch (the browser
   * then says that Control is held). What it is shows only in the numbers: a wheel turns by
   * large whole steps. */
  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const scale = event.deltaMode === 0 ? 1 : event.deltaMode === 1 ? LINE_PX : 400;
    const dx = event.deltaX * scale;
    const dy = event.deltaY * scale;
    if (event.ctrlKey) {
      const isPinch = Math.abs(dy) < 40;
      const levels = -dy * (isPinch ? PINCH_LEVELS : WHEEL_LEVELS);
      if (isPinch) {
        this.events.pinch(event.clientX, event.clientY, 2 ** levels);
      } else {
        this.events.wheel(event.clientX, event.clientY, levels);
      }
      return;
    }
    const isFine = Math.abs(dy) < 16 || !Number.isInteger(event.deltaY);
    const isTrackpad = event.deltaMode === 0 && !event.shiftKey && (event.deltaX !== 0 || isFine);
    if (isTrackpad) {
      this.trackpadUntilMs = event.timeStamp + TRACKPAD_HOLD_MS;
    }
    if (isTrackpad || event.timeStamp < this.trackpadUntilMs) {
      this.events.pan(-dx, -dy);
    } else if (event.shiftKey) {
      this.events.pan(-(dx || dy), 0);
    } else {
      this.events.wheel(event.clientX, event.clientY, -dy * WHEEL_LEVELS);
    }
  }
}

function contactOf(event: PointerEvent): Contact {
  return {
    id: event.pointerId,
    x: event.clientX,
    y: event.clientY,
    timeMs: event.timeStamp,
    sizePx: Math.max(event.width, event.height),
  };
}

function hasPressure(event: PointerEvent): boolean {
  return event.pointerType === 'pen' && event.pressure !== 0.5;
}

function touchOf(event: PointerEvent): Touch {
  return {
    x: event.clientX,
    y: event.clientY,
    pressure: event.pressure,
    timeMs: event.timeStamp,
    isRegular: event.shiftKey,
    isCentred: event.altKey,
    altitude: altitudeOf(event),
  };
}

/* Every place since the last event, where the browser tells (it does not on plain HTTP). */
function coalesced(event: PointerEvent): PointerEvent[] {
  const all = typeof event.getCoalescedEvents === 'function' ? event.getCoalescedEvents() : [];
  return all.length > 0 ? all : [event];
}

function predicted(event: PointerEvent): PointerEvent[] {
  return typeof event.getPredictedEvents === 'function' ? event.getPredictedEvents() : [];
}
