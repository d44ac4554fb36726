/* What the hand and the keys do on the wall. */
import { TOOL_ERASER } from '../core/op.ts';
import { Gestures } from '../hand/gestures.ts';
import { closePopovers } from '../ui/popover.ts';
import type { App } from './app.ts';
import { listenKeys } from './keys.ts';

export function listenGestures(app: App, canvas: HTMLCanvasElement): Gestures {
  const { wall, hand } = app;
  return new Gestures(canvas, {
    canDraw: () => app.doors.tool !== null || (!app.page.isWatching && !app.doors.isLooking),
    isDrawing: () => hand.isDrawing,
    drawBegin: (touch, hasPressure, isEraser) => {
      if (app.doors.tool !== null) {
        app.doors.toolBegin(touch.x, touch.y);
        return;
      }
      app.isPlaced = true;
      wall.hold();
      hand.begin(app.palette.brush(isEraser ? TOOL_ERASER : app.palette.tool), touch, hasPressure);
    },
    drawMove: (touches) => {
      const last = touches[touches.length - 1];
      if (last === undefined || !app.doors.toolMove(last.x, last.y)) {
        hand.move(touches);
      }
    },
    drawEnd: () => {
      if (!app.doors.toolEnd(true)) {
        hand.end();
      }
    },
    drawCancel: () => {
      app.doors.toolEnd(false);
      hand.cancel();
      wall.request();
    },
    pan: (dx, dy) => {
      app.isPlaced = true;
      wall.pan(dx, dy);
    },
    pinch: (x, y, factor) => {
      app.isPlaced = true;
      wall.zoomNow(x, y, wall.camera.zoom + Math.log2(factor));
    },
    wheel: (x, y, levels) => {
      if (!hand.isDrawing) {
        app.isPlaced = true;
        wall.zoomBy(x, y, levels);
      }
    },
    hover: (x, y, isInside) => {
      app.cursor = isInside ? { x, y } : null;
      app.chrome.ring.move(
        x,
        y,
        isInside && !app.page.isWatching && !app.doors.isLooking && app.doors.tool === null,
      );
      if (isInside) {
        wall.request();
      }
    },
    panning: (isPanning) => canvas.classList.toggle('is-panning', isPanning),
  });
}

export function listenWallKeys(app: App): void {
  const { wall } = app;
  const ifDrawing = (act: () => void): void => {
    if (!app.page.isWatching && !app.doors.isLooking) {
      act();
    }
  };
  listenKeys({
    tool: (tool) => ifDrawing(() => app.palette.setTool(tool)),
    width: (direction) => ifDrawing(() => app.palette.stepWidth(direction)),
    undo: () => ifDrawing(() => app.undo()),
    redo: () => ifDrawing(() => app.redo()),
    zoom: (direction) => app.zoomStep(direction),
    zoomReset: () => app.zoomReset(),
    pan: (dx, dy) => wall.pan(dx, dy),
    home: () => app.goToRecent(),
    help: () => app.chrome.help.toggle(),
    space: (isDown) => {
      app.gestures.isSpaceDown = isDown;
      wall.canvas.classList.toggle('is-grabbing', isDown);
    },
    past: () => app.doors.past(),
    who: () => app.doors.who(),
    escape: () => {
      if (!closePopovers() && !app.doors.escape()) {
        app.hand.cancel();
        wall.request();
      }
    },
  });
}
