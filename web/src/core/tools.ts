/* The tools on offer: what each puts on the wall, and how it is called and reached. Shapes are drawn with
 * the pen's ink and width; what is filled has no width. Pure. */
import {
  TOOL_AIRBRUSH,
  TOOL_ERASER,
  TOOL_FILL,
  TOOL_MARKER,
  TOOL_PEN,
  TOOL_PENCIL,
  type Tool,
} from './op.ts';
import type { Shape } from './shape.ts';

export interface ToolKind {
  label: string;
  key: string; /* lower case; 'shift+r' where Shift is held */
  ink: Tool;
  shape: Shape | null; /* stretched from a corner; null: drawn by hand */
  alpha: number;
}

function kind(label: string, key: string, ink: Tool, shape: Shape | null, alpha = 0xff): ToolKind {
  return { label, key, ink, shape, alpha };
}

export const TOOLS = {
  pen: kind('Pen', 'p', TOOL_PEN, null),
  pencil: kind('Pencil', 'n', TOOL_PENCIL, null),
  marker: kind('Marker', 'm', TOOL_MARKER, null, 0x66),
  airbrush: kind('Airbrush', 'a', TOOL_AIRBRUSH, null, 0xb3),
  eraser: kind('Eraser', 'e', TOOL_ERASER, null),
  line: kind('Line', 'l', TOOL_PEN, 'line'),
  rectangle: kind('Rectangle', 'r', TOOL_PEN, 'rectangle'),
  ellipse: kind('Ellipse', 'o', TOOL_PEN, 'ellipse'),
  filledRectangle: kind('Filled rectangle', 'shift+r', TOOL_FILL, 'rectangle'),
  filledEllipse: kind('Filled ellipse', 'shift+o', TOOL_FILL, 'ellipse'),
  lasso: kind('Filled outline', 'f', TOOL_FILL, null),
} as const satisfies Record<string, ToolKind>;

export type ToolName = keyof typeof TOOLS;

/* Those that share a place in the toolbar. */
export const BRUSHES: readonly ToolName[] = ['pen', 'pencil', 'marker', 'airbrush'];
export const SHAPES: readonly ToolName[] = [
  'line',
  'rectangle',
  'ellipse',
  'filledRectangle',
  'filledEllipse',
  'lasso',
];

export function isToolName(value: unknown): value is ToolName {
  return typeof value === 'string' && Object.hasOwn(TOOLS, value);
}

/* As a key is written for people: 'Shift+R'. */
export function keyName(key: string): string {
  return key.replace(/(^|\+)./g, (part) => part.toUpperCase());
}
