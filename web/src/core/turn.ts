/* How the view is turned: the wall on the screen, turned about its centre by `angle` degrees clockwise, and
 * then, mirrored, its left and right exchanged. Right angles are exact, so that whole pixels stay whole.
 * Pure. */

export interface Turn {
  angle: number; /* -180 < angle <= 180 */
  isMirrored: boolean;
}

export const UPRIGHT: Turn = { angle: 0, isMirrored: false };
/* By keys and buttons. */
export const TURN_STEP = 15;
/* So near to upright the fingers mean upright. */
const SNAP = 5;

/* A degree to a thousandth: no trembling in the last digits of an address. */
export function makeTurn(angle: number, isMirrored: boolean): Turn {
  const whole = Math.round(angle * 1000) / 1000;
  const held = whole - 360 * Math.ceil((whole - 180) / 360);
  return { angle: held === 0 ? 0 : held, isMirrored };
}

export function isUpright({ angle, isMirrored }: Turn): boolean {
  return angle === 0 && !isMirrored;
}

/* Pixels of tiles are whole pixels of the screen. */
export function isSquare({ angle }: Turn): boolean {
  return angle % 90 === 0;
}

function cosSin(angle: number): [number, number] {
  switch (angle) {
    case 0:
      return [1, 0];
    case 90:
      return [0, 1];
    case 180:
      return [-1, 0];
    case -90:
      return [0, -1];
    default:
      return [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  }
}

/* From wall to screen, [a, b, c, d] as in CSS, SVG and canvas: x' = a x + c y, y' = b x + d y. */
export function wallMatrix({ angle, isMirrored }: Turn): [number, number, number, number] {
  const [cos, sin] = cosSin(angle);
  return isMirrored ? [-cos, sin, sin, cos] : [cos, sin, -sin, cos];
}

/* A direction on the wall, as it is seen. */
export function wallToScreen(turn: Turn, dx: number, dy: number): { dx: number; dy: number } {
  const [a, b, c, d] = wallMatrix(turn);
  return { dx: a * dx + c * dy, dy: b * dx + d * dy };
}

/* A direction on the screen, as it is on the wall: the matrix turned over, as it changes no length. */
export function screenToWall(turn: Turn, dx: number, dy: number): { dx: number; dy: number } {
  const [a, b, c, d] = wallMatrix(turn);
  return { dx: a * dx + b * dy, dy: c * dx + d * dy };
}

/* What is seen turns by `degrees` clockwise: a mirrored wall itself turns the other way. */
export function turnedBy(turn: Turn, degrees: number): Turn {
  return makeTurn(turn.angle + (turn.isMirrored ? -degrees : degrees), turn.isMirrored);
}

/* The next multiple of the step in that direction, as it is seen. */
export function turnStep(turn: Turn, direction: 1 | -1): Turn {
  const sense = turn.isMirrored ? -direction : direction;
  const steps = turn.angle / TURN_STEP;
  const next = sense > 0 ? Math.floor(steps + 1.01) : Math.ceil(steps - 1.01);
  return makeTurn(next * TURN_STEP, turn.isMirrored);
}

/* What is seen is mirrored about the screen's upright middle. */
export function mirrored(turn: Turn): Turn {
  return { angle: turn.angle, isMirrored: !turn.isMirrored };
}

export function snapped(turn: Turn): Turn {
  return Math.abs(turn.angle) < SNAP ? { ...turn, angle: 0 } : turn;
}

/* The shorter way round from one angle to another. */
export function angleBetween(from: number, to: number): number {
  return makeTurn(to - from, false).angle;
}

export function isSameTurn(a: Turn, b: Turn): boolean {
  return a.angle === b.angle && a.isMirrored === b.isMirrored;
}
