/* The colours and widths on offer, and what the hand holds now; kept between visits. */
import { TOOL_ERASER, TOOL_MARKER, TOOL_PEN, type Tool } from '../core/op.ts';
import type { Settings } from '../net/settings.ts';
import type { HandBrush } from '../hand/hand.ts';

/* Thirteen that sit well on warm paper, dark to light around the circle. */
export const COLORS: readonly { name: string; rgb: string }[] = [
  { name: 'Ink', rgb: '#23211f' },
  { name: 'Slate', rgb: '#6b7280' },
  { name: 'Brown', rgb: '#8f5b3a' },
  { name: 'Red', rgb: '#d33f3a' },
  { name: 'Orange', rgb: '#ee7f2d' },
  { name: 'Yellow', rgb: '#f3bf2f' },
  { name: 'Green', rgb: '#3d9a50' },
  { name: 'Teal', rgb: '#169a95' },
  { name: 'Sky', rgb: '#62b5e5' },
  { name: 'Blue', rgb: '#2c6ed5' },
  { name: 'Violet', rgb: '#7a4fc9' },
  { name: 'Pink', rgb: '#e15594' },
  { name: 'White', rgb: '#ffffff' },
];

export const WIDTH_MIN = 1;
export const WIDTH_MAX = 96;
const MARKER_ALPHA = 0x66;

interface Held {
  tool: Tool;
  rgb: string;
  widths: number[]; /* of each tool, by its number */
}

const DEFAULTS: Held = { tool: TOOL_PEN, rgb: COLORS[0]!.rgb, widths: [4, 18, 28] };

/* The slider runs evenly over ratios: 0..1 to 1..96 px. */
export function widthAt(place: number): number {
  const width = WIDTH_MIN * (WIDTH_MAX / WIDTH_MIN) ** place;
  return width < 10 ? Math.round(width * 2) / 2 : Math.round(width);
}

export function placeOfWidth(width: number): number {
  return Math.log(width / WIDTH_MIN) / Math.log(WIDTH_MAX / WIDTH_MIN);
}

export class Palette {
  private held: Held = { ...DEFAULTS, widths: [...DEFAULTS.widths] };

  constructor(
    private readonly settings: Settings,
    private readonly changed: () => void,
  ) {
    this.load();
  }

  get tool(): Tool {
    return this.held.tool;
  }
  get rgb(): string {
    return this.held.rgb;
  }
  get width(): number {
    return this.held.widths[this.held.tool] ?? WIDTH_MIN;
  }

  brush(tool: Tool = this.tool): HandBrush {
    const alpha = tool === TOOL_MARKER ? MARKER_ALPHA : 0xff;
    const rgb = tool === TOOL_ERASER ? 0 : parseInt(this.held.rgb.slice(1), 16);
    return { tool, color: rgb * 256 + alpha, width: this.held.widths[tool] ?? WIDTH_MIN };
  }

  setTool(tool: Tool): void {
    this.held.tool = tool;
    this.save();
  }

  /* A colour is chosen to draw with it. */
  setColor(rgb: string): void {
    this.held.rgb = rgb.toLowerCase();
    if (this.held.tool === TOOL_ERASER) {
      this.held.tool = TOOL_PEN;
    }
    this.save();
  }

  setWidth(width: number): void {
    this.held.widths[this.held.tool] = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, width));
    this.save();
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

  private load(): void {
    const held = this.settings.get('brush');
    if (isHeld(held)) {
      this.held = structuredClone(held);
    }
  }
}

/* Another version may have kept something else. */
function isHeld(value: unknown): value is Held {
  const { tool, rgb, widths } = (value ?? {}) as Partial<Held>;
  const tools: unknown[] = [TOOL_PEN, TOOL_MARKER, TOOL_ERASER];
  return (
    tools.includes(tool) &&
    /^#[0-9a-f]{6}$/.test(rgb ?? '') &&
    Array.isArray(widths) &&
    widths.length === 3 &&
    widths.every((width) => width >= WIDTH_MIN && width <= WIDTH_MAX)
  );
}
