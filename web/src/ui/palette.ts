/* What the hand holds now, and how it draws: tool, two colours, width and opacity of each tool, the colours used last,
 * palettes of one's own, stabiliser and pressure. Kept between visits. No DOM. */
import { TOOL_ERASER, TOOL_FILL } from '../core/op.ts';
import { CURVES, type Curve } from '../core/pen.ts';
import { STEADY_MAX } from '../core/steady.ts';
import { COLORS_MAX, NAME_MAX, SWATCHES, type OwnPalette } from '../core/swatches.ts';
import { BRUSHES, isToolName, OTHERS, SHAPES, TOOLS, type ToolName } from '../core/tools.ts';
import type { Settings } from '../net/settings.ts';
import type { HandBrush } from '../hand/hand.ts';

export const WIDTH_MIN = 0.5;
export const WIDTH_MAX = 200;
export const OPACITY_MIN = 0.05;
const RECENT_MAX = 9;
const PALETTES_MAX = 32;

/* Whose width and opacity are kept; shapes have the pen's, what is filled its own. */
const WIDTHS = { pen: 4, pencil: 5, marker: 18, airbrush: 44, eraser: 28 };
const OPACITIES = { pen: 1, pencil: 1, marker: 0.4, airbrush: 0.7, eraser: 1, fill: 1 };
type Wide = keyof typeof WIDTHS;
type Opaque = keyof typeof OPACITIES;

export interface FeelSettings {
  steadiness: number; /* 0..10 */
  curve: Curve;
  isSpeedy: boolean;
}

interface Held extends FeelSettings {
  tool: ToolName;
  brush: ToolName; /* of the brushes and of the shapes, those used last */
  shape: ToolName;
  aside: ToolName; /* of those that draw nothing by themselves */
  rgb: string;
  other: string; /* the colour that `x` takes */
  recent: string[]; /* drawn with, newest first */
  widths: Record<Wide, number>;
  opacities: Record<Opaque, number>;
}

interface Own {
  chosen: number | null; /* whose colours the number keys take; null: the wall's own */
  list: OwnPalette[];
}

const DEFAULTS: Held = {
  tool: 'pen',
  brush: 'pen',
  shape: 'line',
  aside: 'select',
  rgb: SWATCHES[0][1],
  other: '#ffffff',
  recent: [],
  widths: WIDTHS,
  opacities: OPACITIES,
  steadiness: 0,
  curve: 'normal',
  isSpeedy: false,
};

/* The slider runs evenly over ratios. */
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

function opaqueOf(tool: ToolName): Opaque {
  return TOOLS[tool].ink === TOOL_FILL ? 'fill' : wideOf(tool);
}

function within(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

export class Palette {
  private held: Held;
  private own: Own;

  constructor(
    private readonly settings: Pick<Settings, 'get' | 'set'>,
    private readonly changed: () => void,
  ) {
    this.held = readHeld(settings.get('brush')) ?? structuredClone(DEFAULTS);
    this.own = readOwn(settings.get('palettes'));
  }

  get tool(): ToolName {
    return this.held.tool;
  }
  get rgb(): string {
    return this.held.rgb;
  }
  get other(): string {
    return this.held.other;
  }
  get recent(): readonly string[] {
    return this.held.recent;
  }
  get width(): number {
    return this.held.widths[wideOf(this.held.tool)];
  }
  get opacity(): number {
    return this.held.opacities[opaqueOf(this.held.tool)];
  }
  get feel(): FeelSettings {
    const { steadiness, curve, isSpeedy } = this.held;
    return { steadiness, curve, isSpeedy };
  }
  /* What is filled has no width. */
  get hasWidth(): boolean {
    return TOOLS[this.held.tool].ink !== TOOL_FILL;
  }

  /* Of tools that share a place in the toolbar, the one used last. */
  lastOf(tools: readonly ToolName[]): ToolName {
    const { brush, shape, aside } = this.held;
    return [brush, shape].find((tool) => tools.includes(tool)) ?? aside;
  }

  brush(tool: ToolName = this.tool): HandBrush {
    const { ink, shape } = TOOLS[tool];
    const rgb = ink === TOOL_ERASER ? 0 : parseInt(this.held.rgb.slice(1), 16);
    const alpha = Math.round(this.held.opacities[opaqueOf(tool)] * 255);
    const width = this.held.widths[wideOf(tool)];
    return { tool: ink, color: rgb * 256 + alpha, width, shape, ...this.feel };
  }

  setTool(tool: ToolName): void {
    this.held.tool = tool;
    if (BRUSHES.includes(tool)) {
      this.held.brush = tool;
    } else if (SHAPES.includes(tool)) {
      this.held.shape = tool;
    } else if (OTHERS.includes(tool)) {
      this.held.aside = tool;
    }
    this.save();
  }

  /* A colour is chosen to draw with it. */
  setColor(rgb: string): void {
    this.held.rgb = rgb.toLowerCase();
    if (this.held.tool === 'eraser' || this.held.tool === 'hand') {
      this.held.tool = this.held.brush;
    }
    this.save();
  }

  swap(): void {
    const { rgb, other } = this.held;
    this.held.other = rgb;
    this.setColor(other);
  }

  /* It was drawn with. */
  use(): void {
    const { recent, rgb, tool } = this.held;
    if (recent[0] !== rgb && tool !== 'eraser') {
      this.held.recent = [rgb, ...recent.filter((each) => each !== rgb)].slice(0, RECENT_MAX);
      this.save();
    }
  }

  setWidth(width: number): void {
    if (this.hasWidth && Number.isFinite(width)) {
      const held = Math.round(within(width, WIDTH_MIN, WIDTH_MAX) * 10) / 10;
      this.held.widths[wideOf(this.held.tool)] = held;
      this.save();
    }
  }

  stepWidth(direction: 1 | -1): void {
    const stepped = widthAt(within(placeOfWidth(this.width) + direction * 0.07, 0, 1));
    const least = this.width + direction * 0.5;
    this.setWidth(direction > 0 ? Math.max(stepped, least) : Math.min(stepped, least));
  }

  setOpacity(opacity: number): void {
    if (Number.isFinite(opacity)) {
      const held = Math.round(within(opacity, OPACITY_MIN, 1) * 100) / 100;
      this.held.opacities[opaqueOf(this.held.tool)] = held;
      this.save();
    }
  }

  setFeel(feel: Partial<FeelSettings>): void {
    Object.assign(this.held, feel);
    this.save();
  }

  /* ---- palettes ---- */

  /* The colours on offer, and what they are called as a whole; null: the wall's own. */
  get colors(): readonly string[] {
    return this.ownChosen?.colors ?? SWATCHES.map(([, rgb]) => rgb);
  }
  get ownPalettes(): readonly OwnPalette[] {
    return this.own.list;
  }
  get chosenPalette(): number | null {
    return this.own.chosen;
  }
  private get ownChosen(): OwnPalette | undefined {
    return this.own.chosen === null ? undefined : this.own.list[this.own.chosen];
  }

  choosePalette(index: number | null): void {
    this.own.chosen = index;
    this.saveOwn();
  }

  /* The new one is chosen; false if there are too many. */
  addPalette(palette: OwnPalette): boolean {
    const isRoom = this.own.list.length < PALETTES_MAX;
    if (isRoom) {
      this.own.list.push(structuredClone(palette));
      this.choosePalette(this.own.list.length - 1);
    }
    return isRoom;
  }

  renamePalette(name: string): void {
    if (this.ownChosen !== undefined && name.trim() !== '') {
      this.ownChosen.name = name.trim().slice(0, NAME_MAX);
      this.saveOwn();
    }
  }

  removePalette(): void {
    if (this.own.chosen !== null) {
      this.own.list.splice(this.own.chosen, 1);
      this.choosePalette(null);
    }
  }

  /* Adds the colour to the palette that is chosen, or takes it out. */
  keepColor(rgb: string, isKept: boolean): void {
    const palette = this.ownChosen;
    if (palette !== undefined) {
      const others = palette.colors.filter((each) => each !== rgb);
      palette.colors = isKept ? [...others, rgb].slice(-COLORS_MAX) : others;
      this.saveOwn();
    }
  }

  private save(): void {
    this.settings.set('brush', this.held);
    this.changed();
  }

  private saveOwn(): void {
    this.settings.set('palettes', this.own);
    this.changed();
  }
}

function isColor(value: unknown): value is string {
  return /^#[0-9a-f]{6}$/.test(String(value));
}

function isBetween(value: unknown, low: number, high: number): value is number {
  return typeof value === 'number' && value >= low && value <= high;
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

function readNumbers<K extends string>(into: Record<K, number>, kept: unknown, low: number, high: number): void {
  const values = (kept ?? {}) as Record<string, unknown>;
  for (const name of Object.keys(into) as K[]) {
    const value = values[name];
    into[name] = isBetween(value, low, high) ? value : into[name];
  }
}

/* Another version may have kept something else: what is not understood is as at first. */
function readHeld(value: unknown): Held | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const kept = readFormer(value) as Partial<Held>;
  const held = structuredClone(DEFAULTS);
  readNumbers(held.widths, kept.widths, WIDTH_MIN, WIDTH_MAX);
  readNumbers(held.opacities, kept.opacities, OPACITY_MIN, 1);
  held.brush = BRUSHES.includes(kept.brush!) ? kept.brush! : held.brush;
  /* One comes to draw: what draws nothing is put away. */
  const isBrush = isToolName(kept.tool) && TOOLS[kept.tool].use === 'draw';
  held.tool = isBrush ? kept.tool! : held.brush;
  held.shape = SHAPES.includes(kept.shape!) ? kept.shape! : held.shape;
  held.rgb = isColor(kept.rgb) ? kept.rgb : held.rgb;
  held.other = isColor(kept.other) ? kept.other : held.other;
  held.recent = Array.isArray(kept.recent) ? kept.recent.filter(isColor).slice(0, RECENT_MAX) : [];
  held.steadiness = isBetween(kept.steadiness, 0, STEADY_MAX) ? kept.steadiness : held.steadiness;
  held.curve = CURVES.includes(kept.curve!) ? kept.curve! : held.curve;
  held.isSpeedy = typeof kept.isSpeedy === 'boolean' ? kept.isSpeedy : held.isSpeedy;
  return held;
}

function readOwn(value: unknown): Own {
  const { chosen, list } = (value ?? {}) as { chosen?: unknown; list?: unknown };
  const palettes = (Array.isArray(list) ? (list as Partial<OwnPalette>[]) : [])
    .filter((each) => typeof each?.name === 'string' && Array.isArray(each.colors))
    .map(({ name, colors }) => ({ name: name!, colors: colors!.filter(isColor) }))
    .slice(0, PALETTES_MAX);
  const isThere = typeof chosen === 'number' && palettes[chosen] !== undefined;
  return { chosen: isThere ? (chosen as number) : null, list: palettes };
}
