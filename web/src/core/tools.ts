/* The tools on offer: what each puts on the wall, and how it is called and reached. Shapes are drawn with
 * the pen's ink and width; what is filled has no width. A press with some of them draws nothing by itself. Pure. */
import type { MessageId } from '../i18n/i18n.ts';
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

/* What a press on the wall does. */
export type Use = 'draw' | 'polygon' | 'text' | 'select' | 'hand';

export interface ToolKind {
  title: MessageId;
  key: string; /* lower case; 'shift+r' where Shift is held */
  ink: Tool;
  shape: Shape | null; /* stretched from a corner; null: drawn by hand */
  use: Use;
}

function kind(title: MessageId, key: string, ink: Tool, shape: Shape | null): ToolKind {
  return { title, key, ink, shape, use: 'draw' };
}

/* What puts filled outlines on the wall, or nothing. */
function other(use: Exclude<Use, 'draw'>, title: MessageId, key: string): ToolKind {
  return { title, key, ink: TOOL_FILL, shape: null, use };
}

export const TOOLS = {
  pen: kind('tool.pen', 'p', TOOL_PEN, null),
  pencil: kind('tool.pencil', 'n', TOOL_PENCIL, null),
  marker: kind('tool.marker', 'm', TOOL_MARKER, null),
  airbrush: kind('tool.airbrush', 'a', TOOL_AIRBRUSH, null),
  eraser: kind('tool.eraser', 'e', TOOL_ERASER, null),
  line: kind('tool.line', 'l', TOOL_PEN, 'line'),
  rectangle: kind('tool.rectangle', 'r', TOOL_PEN, 'rectangle'),
  ellipse: kind('tool.ellipse', 'o', TOOL_PEN, 'ellipse'),
  filledRectangle: kind('tool.filledRectangle', 'shift+r', TOOL_FILL, 'rectangle'),
  filledEllipse: kind('tool.filledEllipse', 'shift+o', TOOL_FILL, 'ellipse'),
  lasso: kind('tool.lasso', 'f', TOOL_FILL, null),
  polygon: other('polygon', 'tool.polygon', 'shift+f'),
  text: other('text', 'tool.text', 't'),
  select: other('select', 'tool.select', 'v'),
  hand: other('hand', 'tool.hand', 'h'),
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
  'polygon',
];
export const OTHERS: readonly ToolName[] = ['text', 'select', 'hand'];

export function isToolName(value: unknown): value is ToolName {
  return typeof value === 'string' && Object.hasOwn(TOOLS, value);
}
