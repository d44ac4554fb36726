/* What the hand does on the wall. */
import { Gestures } from '../hand/gestures.ts';
import type { Touch } from '../hand/hand.ts';
import type { App } from './app.ts';
import { sizing } from './brush.ts';

export function listenGestures(app: App, canvas: HTMLCanvasElement): Gestures {
  const { wall, hand } = app;
  return new Gestures(canvas, {
    canDraw: () => app.doors.tool !== null || (app.mayDraw && !app.studio.isHand),
    fingersDraw: () => app.hands.fingersDraw,
    isDrawing: () => hand.isDrawing,
    drawBegin: (touch, hasPressure, isEraser) => {
      if (app.doors.tool !== null) {
        app.doors.toolBegin(touch.x, touch.y);
        return;
      }
      if (app.eyedropper.begin(touch.x, touch.y)) {
        return;
      }
      app.isPlaced = true;
      wall.hold();
      if ((!isEraser || app.studio.isBusy) && app.studio.begin(touch)) {
        return;
      }
      app.hands.setDrawing(true);
      hand.begin(app.palette.brush(isEraser ? 'eraser' : app.palette.tool), touch, hasPressure);
    },
    drawMove: (touches, predicted) => {
      const last = touches[touches.length - 1];
      /* All of a frame's places, or on a slow phone a quick lasso would lose its corners. */
      const goesTo = (move: (touch: Touch) => boolean): boolean => touches.map(move).includes(true);
      const isTaken =
        last !== undefined &&
        (goesTo(({ x, y }) => app.doors.toolMove(x, y)) ||
          app.eyedropper.move(last.x, last.y) ||
          goesTo((touch) => app.studio.move(touch)));
      if (!isTaken) {
        hand.move(touches, predicted);
      }
    },
    drawEnd: () => {
      if (!app.doors.toolEnd(true) && !app.eyedropper.end(true) && !app.studio.end(true)) {
        hand.end();
        wall.request();
      }
      app.hands.setDrawing(false);
    },
    drawCancel: () => {
      app.hands.setDrawing(false);
      app.doors.toolEnd(false);
      app.eyedropper.end(false);
      app.studio.end(false);
      hand.cancel();
      wall.request();
    },
    ...sizing(app),
    pan: (dx, dy) => {
      app.isPlaced = true;
      wall.pan(dx, dy);
    },
    grip: ({ x, y, dx, dy, factor, degrees }) => {
      app.isPlaced = true;
      wall.pan(dx, dy);
      if (factor !== 1) {
        wall.zoomNow(x, y, wall.camera.zoom + Math.log2(factor));
      }
      if (degrees !== 0 && app.hands.canTwist) {
        wall.twist(x, y, degrees);
      }
    },
    fling: (vx, vy) => wall.fling(vx, vy),
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
      const mayDraw = app.mayDraw && app.doors.tool === null;
      app.chrome.ring.move(x, y, isInside && mayDraw);
      if (isInside && mayDraw) {
        app.eyedropper.hover(x, y);
        app.studio.active?.hover?.(x, y);
      }
      if (isInside) {
        wall.request();
      }
    },
    panning: (isPanning) => {
      wall.hold();
      canvas.classList.toggle('is-panning', isPanning);
    },
    tapped: (fingers) => app.hands.tapped(fingers),
    longPress: (x, y) => !app.studio.takesPresses && app.hands.longPress(x, y),
    penCame: () => app.hands.penCame(),
  });
}
