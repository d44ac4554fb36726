/* What fingers, pen and mouse mean: one draws, two fingers move and zoom the wall, so do the
 * space bar, the middle button and the wheel. Knows where pointers are, not what is done with
 * it. */
import { altitudeOf } from '../core/pen.ts';
import type { Touch } from './hand.ts';

export interface GestureEvents {
  /* May a stroke begin? If not, the pointer moves the wall. */
  canDraw(): boolean;
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
  /* Zooms by a factor about a place, at once. */
  pinch(x: number, y: number, factor: number): void;
  /* Zooms by steps of the wheel about a place, smoothly. */
  wheel(x: number, y: number, levels: number): void;
  hover(x: number, y: number, isInside: boolean): void;
  panning(isPanning: boolean): void;
}

interface Finger {
  x: number;
  y: number;
}

/* A second finger this soon means that the first was not drawing. */
const CANCEL_MS = 350;
const CANCEL_PX = 24;
const ERASER_BUTTON = 32;
const TRACKPAD_HOLD_MS = 280;
const WHEEL_LEVELS = 0.0025;
const PINCH_LEVELS = 0.012;
const LINE_PX = 33;

export class Gestures {
  isSpaceDown = false;
  private readonly fingers = new Map<number, Finger>();
  private drawing: number | null = null;
  private grip: number | null = null;
  private gripAt: Finger = { x: 0, y: 0 };
  private sizing: number | null = null;
  private sizingFrom: Finger = { x: 0, y: 0 };
  private began: Finger & { timeMs: number } = { x: 0, y: 0, timeMs: 0 };
  private hasPen = false;
  private trackpadUntilMs = 0;
  private readonly removals: (() => void)[] = [];

  constructor(
    private readonly element: HTMLElement,
    private readonly events: GestureEvents,
  ) {
    this.listen('pointerdown', (event) => this.down(event));
    this.listen('pointermove', (event) => this.move(event));
    this.listen('pointerup', (event) => this.up(event, false));
    this.listen('pointercancel', (event) => this.up(event, true));
    this.listen('lostpointercapture', (event) => this.up(event, false));
    this.listen('pointerleave', (event) => this.events.hover(event.clientX, event.clientY, false));
    this.listen('wheel', (event) => this.wheel(event));
    this.listen('contextmenu', (event) => event.preventDefault());
    /* Safari's own pinch would zoom the page. */
    const refuse = (event: Event): void => event.preventDefault();
    element.addEventListener('gesturestart', refuse);
    this.removals.push(() => element.removeEventListener('gesturestart', refuse));
  }

  remove(): void {
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
    this.hasPen = this.hasPen || event.pointerType === 'pen';
    this.element.focus({ preventScroll: true });
    this.capture(event.pointerId);
    if (event.pointerType === 'touch') {
      this.fingerDown(event);
      return;
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

  private drawBegin(event: PointerEvent): void {
    this.drawing = event.pointerId;
    this.began = { x: event.clientX, y: event.clientY, timeMs: event.timeStamp };
    const isEraser = event.pointerType === 'pen' && (event.buttons & ERASER_BUTTON) !== 0;
    this.events.drawBegin(touchOf(event), hasPressure(event), isEraser);
  }

  private gripBegin(event: PointerEvent): void {
    this.grip = event.pointerId;
    this.gripAt = { x: event.clientX, y: event.clientY };
    this.events.panning(true);
  }

  private fingerDown(event: PointerEvent): void {
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.fingers.size === 1) {
      /* Where a pen is used, fingers and the palm move the wall. */
      if (this.events.canDraw() && !this.hasPen) {
        this.drawBegin(event);
      } else if (this.drawing === null) {
        this.gripBegin(event);
      }
      return;
    }
    if (this.drawing !== null && this.fingers.has(this.drawing)) {
      const movedPx = Math.hypot(
        this.fingers.get(this.drawing)!.x - this.began.x,
        this.fingers.get(this.drawing)!.y - this.began.y,
      );
      const isYoung = event.timeStamp - this.began.timeMs < CANCEL_MS || movedPx < CANCEL_PX;
      this.drawing = null;
      if (isYoung) {
        this.events.drawCancel();
      } else {
        this.events.drawEnd();
      }
    }
    this.grip = null;
  }

  private move(event: PointerEvent): void {
    if (event.pointerId === this.drawing) {
      const finger = this.fingers.get(event.pointerId);
      if (finger !== undefined) {
        finger.x = event.clientX;
        finger.y = event.clientY;
      }
      this.events.drawMove(coalesced(event).map(touchOf), predicted(event).map(touchOf));
    } else if (event.pointerId === this.sizing) {
      this.events.sizeMove(event.clientX - this.sizingFrom.x, event.clientY - this.sizingFrom.y);
      return;
    } else if (event.pointerId === this.grip) {
      this.events.pan(event.clientX - this.gripAt.x, event.clientY - this.gripAt.y);
      this.gripAt = { x: event.clientX, y: event.clientY };
      this.fingers.get(event.pointerId) &&
        this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    } else if (this.fingers.has(event.pointerId)) {
      this.fingerMove(event);
    }
    if (event.pointerType !== 'touch') {
      this.events.hover(event.clientX, event.clientY, true);
    }
  }

  private fingerMove(event: PointerEvent): void {
    const before = spread(this.fingers);
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = spread(this.fingers);
    if (this.fingers.size < 2) {
      return;
    }
    this.events.pan(after.x - before.x, after.y - before.y);
    if (before.size > 0 && after.size > 0) {
      this.events.pinch(after.x, after.y, after.size / before.size);
    }
  }

  private up(event: PointerEvent, isCancelled: boolean): void {
    this.fingers.delete(event.pointerId);
    if (event.pointerId === this.drawing) {
      this.drawing = null;
      if (isCancelled && event.timeStamp - this.began.timeMs < CANCEL_MS) {
        this.events.drawCancel();
      } else {
        this.events.drawEnd();
      }
    }
    if (event.pointerId === this.sizing) {
      this.sizing = null;
      this.events.sizeEnd();
    }
    if (event.pointerId === this.grip) {
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

function spread(fingers: ReadonlyMap<number, Finger>): { x: number; y: number; size: number } {
  const all = [...fingers.values()];
  const x = all.reduce((sum, finger) => sum + finger.x, 0) / all.length;
  const y = all.reduce((sum, finger) => sum + finger.y, 0) / all.length;
  const sizes = all.map((finger) => Math.hypot(finger.x - x, finger.y - y));
  return { x, y, size: sizes.reduce((sum, size) => sum + size, 0) / all.length };
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
