/* What a pen tells besides its place: how steeply it is held, and how hard it is pressed. Pure. */
import { TOOL_AIRBRUSH, TOOL_PENCIL, type Tool } from './op.ts';

export const UPRIGHT = Math.PI / 2;

/* The angle between pen and glass, from whichever the browser tells; upright if it tells none. */
export function altitudeOf(pen: {
  altitudeAngle?: number;
  tiltX?: number;
  tiltY?: number;
}): number {
  if (typeof pen.altitudeAngle === 'number') {
    return pen.altitudeAngle;
  }
  const { tiltX = 0, tiltY = 0 } = pen;
  const slope = (degrees: number): number => Math.tan((Math.min(89, Math.abs(degrees)) * Math.PI) / 180);
  return Math.atan(1 / Math.hypot(slope(tiltX), slope(tiltY)));
}

/* A pencil laid on its side shades with the length of its lead; a can held aslant sprays an oval. Held as one
 * writes, some 50 to 60 degrees, nothing is wider. */
const WRITING = (50 * Math.PI) / 180;
const FLAT = (20 * Math.PI) / 180;
const WIDEST: Partial<Record<Tool, number>> = { [TOOL_PENCIL]: 6, [TOOL_AIRBRUSH]: 1.8 };

/* How many times wider a stroke is that begins with the pen held so. */
export function tiltWidth(tool: Tool, altitude: number): number {
  const widest = WIDEST[tool] ?? 1;
  const share = Math.min(1, Math.max(0, (WRITING - altitude) / (WRITING - FLAT)));
  return widest ** share;
}

export type Curve = 'soft' | 'normal' | 'hard';
export const CURVES: readonly Curve[] = ['soft', 'normal', 'hard'];
const EXPONENTS: Record<Curve, number> = { soft: 0.55, normal: 1, hard: 1.8 };

/* `soft`: a light hand gets the whole range; `hard`: only a firm one. */
export function curved(pressure: number, curve: Curve): number {
  return Math.min(1, Math.max(0, pressure)) ** EXPONENTS[curve];
}

/* Pressure for those who have none, from speed: a slow hand presses, a fast one flies. It follows over some way, never
 * at once, and begins thinner than it will be. */
export const PRESSURE_AT_BEGIN = 0.55;
const SPEED_HALF = 1.1; /* CSS px a ms at which half of what speed can take is gone */
const LEAST = 0.3;
const EASE_PX = 22;

/* `px` (CSS), `ms`: way and time since the place before, which had that pressure. */
export function speedToPressure(before: number, px: number, ms: number): number {
  const speed = px / Math.max(1, ms);
  const aim = LEAST + (1 - LEAST) / (1 + (speed / SPEED_HALF) ** 2);
  return before + (aim - before) * (1 - Math.exp(-px / EASE_PX));
}
