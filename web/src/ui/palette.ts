/* The colours and widths on offer, and what the hand holds now; kept between visits. */
import { TOOL_ERASER, TOOL_FILL } from '../core/op.ts';
import { BRUSHES, isToolName, SHAPES, TOOLS, type ToolName } from '../core/tools.ts';
import type { MessageId } from '../i18n/i18n.ts';
import type { Settings } from '../net/settings.ts';
import type { HandBrush } from '../hand/hand.ts';

/* Thirteen that sit well on warm paper, dark to light around the circle. */
export const COLORS: readonly { name: MessageId; rgb: string }[] = [
  { name: 'color.ink', rgb: '#23211f' },
  { name: 'color.slate', rgb: '#6b7280' },
  { name: 'color.brown', rgb: '#8f5b3a' },
  { name: 'color.red', rgb: '#d33f3a' },
  { name: 'color.orange', rgb: '#ee7f2d' },
  { name: 'color.yellow', rgb: '#f3bf2f' },
  { name: 'color.green', rgb: '#3d9a50' },
  { name: 'color.teal', rgb: '#169a95' },
  { name: 'color.sky', rgb: '#62b5e5' },
  { name: 'color.blue', rgb: '#2c6ed5' },
  { name: 'color.violet', rgb: '#7a4fc9' },
  { name: 'color.pink', rgb: '#e15594' },
  { name: 'color.white', rgb: '#ffffff' },
];

export const WIDTH_MIN = 1;
export const WIDTH_MAX = 96;

/* Whose widths are kept; shapes have the pen's. */
const WIDTHS = { pen: 4, pencil: 5, marker: 18, airbrush: 44, eraser: 28 };
type Wide = keyof typeof WIDTHS;

interface Held {
  tool: ToolName;
  brush: ToolName; /* of the brushes and of the shapes, those used last */
  shape: ToolName;
  rgb: string;
  widths: Record<Wide, number>;
}

const DEFAULTS: Held = {
  tool: 'pen',
  brush: 'pen',
  shape: 'line',
  rgb: COLORS[0]!.rgb,
  widths: WIDTHS,
};

/* The slider runs evenly over ratios: 0..1 to 1..96 px. */
export function widthAt(place: number): number {
  const width = WIDTH_MIN * (WIDTH_MAX / WIDTH_MIN) ** place;
  return width < 10 ? Math.round(width * 2) / 2 : Math.round(width);
}

export function placeOfWidth(width: number): number {
  return Math.log(width / WIDTH_MIN) / Math.log(WIDTH_MAX / WIDTH_MIN);
}

function wideOf(tool: ToolName): Wide {
  return tool in WIDTHS ? (tool as Wide) : 'pen';
}

export class Palette {
  private held: Held;

  constructor(
    private readonly settings: Settings,
    private readonly changed: () => void,
  ) {
    this.held = readHeld(settings.get('brush')) ?? structuredClone(DEFAULTS);
  }

  get tool(): ToolName {
    return this.held.tool;
  }
  get rgb(): string {
    return this.held.rgb;
  }
  get width(): number {
    return this.held.widths[wideOf(this.held.tool)];
  }
  /* What is filled has no width. */
  get hasWidth(): boolean {
    return TOOLS[this.held.tool].ink !== TOOL_FILL;
  }

  /* Of tools that share a place in the toolbar, the one used last. */
  lastOf(tools: readonly ToolName[]): ToolName {
    const { brush, shape } = this.held;
    return tools.includes(brush) ? brush : shape;
  }

  brush(tool: ToolName = this.tool): HandBrush {
    const { ink, alpha, shape } = TOOLS[tool];
    const rgb = ink === TOOL_ERASER ? 0 : parseInt(this.held.rgb.slice(1), 16);
    const width = this.held.widths[wideOf(tool)];
    return { tool: ink, color: rgb * 256 + alpha, width, shape };
  }

  setTool(tool: ToolName): void {
    this.held.tool = tool;
    if (BRUSHES.includes(tool)) {
      this.held.brush = tool;
    } else if (SHAPES.includes(tool)) {
      this.held.shape = tool;
    }
    this.save();
  }

  /* A colour is chosen to draw with it. */
  setColor(rgb: string): void {
    this.held.rgb = rgb.toLowerCase();
    if (this.held.tool === 'eraser') {
      this.held.tool = this.held.brush;
    }
    this.save();
  }

  setWidth(width: number): void {
    if (this.hasWidth) {
      const held = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, width));
      this.held.widths[wideOf(this.held.tool)] = held;
      this.save();
    }
  }

  stepWidth(direction: 1 | -1): void {
    const stepped = widthAt(Math.min(1, Math.max(0, placeOfWidth(this.width) + direction * 0.08)));
    const least = this.width + direction * 0.5;
    this.setWidth(direction > 0 ? Math.max(stepped, least) : Math.min(stepped, least));
  }

  private save(): void {
    this.settings.set('brush', this.held);
    this.changed();
  }
}

function isWidth(width: unknown): width is number {
  return typeof width === 'number' && width >= WIDTH_MIN && width <= WIDTH_MAX;
}

/* The first version knew three tools, by number. */
function readFormer(value: { tool?: unknown; widths?: unknown }): object {
  const names: ToolName[] = ['pen', 'marker', 'eraser'];
  const tool = names[value.tool as number];
  const widths = Array.isArray(value.widths)
    ? Object.fromEntries(names.map((name, i) => [name, (value.widths as unknown[])[i]]))
    : value.widths;
  const brush = tool === 'marker' ? tool : 'pen';
  return { ...value, ...(tool !== undefined && { tool, brush }), widths };
}

/* Another version may have kept something else: what is not understood is as at first. */
function readHeld(value: unknown): Held | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const { tool, brush, shape, rgb, widths } = readFormer(value) as Partial<Held>;
  const kept = (widths ?? {}) as Record<string, unknown>;
  const held = structuredClone(DEFAULTS);
  for (const name of Object.keys(WIDTHS) as Wide[]) {
    held.widths[name] = isWidth(kept[name]) ? kept[name] : held.widths[name];
  }
  held.tool = isToolName(tool) ? tool : held.tool;
  held.brush = BRUSHES.includes(brush!) ? brush! : held.brush;
  held.shape = SHAPES.includes(shape!) ? shape! : held.shape;
  held.rgb = /^#[0-9a-f]{6}$/.test(String(rgb)) ? rgb! : held.rgb;
  return held;
}
