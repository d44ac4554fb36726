/* How the hand is followed: a stroke of the tool in hand to look at, drawn by the kernel that draws on the wall; the
 * stabiliser; what pressure does. */
import { TOOL_ERASER, TOOL_FILL } from '../core/op.ts';
import { CURVES, type Curve } from '../core/pen.ts';
import { STEADY_MAX, stringLength } from '../core/steady.ts';
import { StrokeBuilder } from '../core/stroke.ts';
import { ShapeBuilder } from '../core/shape.ts';
import { message } from '../i18n/i18n.ts';
import type { Ink } from '../ink.ts';
import { element } from '../ui/dom.ts';
import { NumberSlider } from '../ui/numberslider.ts';
import type { Palette } from '../ui/palette.ts';
import { loadPoints } from '../view/live.ts';

const TILE_PX = 256;
const RATIO = 2; /* of the picture's pixels to the page's */
const HIGH_PX = 64;
const STEPS = 60;

export class Feel {
  readonly root = element('div', { class: 'feel' });
  private readonly picture = element('canvas', { class: 'feel-picture', role: 'img' });
  private readonly steady: NumberSlider;
  private readonly curves = new Map<Curve, HTMLInputElement>();
  private readonly speed = element('input', { type: 'checkbox' });

  constructor(
    private readonly palette: Palette,
    private readonly ink: Ink,
  ) {
    this.picture.width = 2 * TILE_PX;
    this.picture.height = HIGH_PX * RATIO;
    this.picture.setAttribute('aria-label', message('brush.preview'));
    this.steady = new NumberSlider({
      label: message('brush.steadiness'),
      unit: '',
      min: 0,
      max: STEADY_MAX,
      step: 1,
      valueAt: (place) => Math.round(place * STEADY_MAX),
      placeOf: (steadiness) => steadiness / STEADY_MAX,
      changed: (value) => palette.setFeel({ steadiness: Math.min(STEADY_MAX, Math.max(0, Math.round(value))) }),
    });
    this.speed.addEventListener('change', () => palette.setFeel({ isSpeedy: this.speed.checked }));
    const speed = element('label', { class: 'feel-check' }, this.speed, message('brush.speedPressure'));
    this.root.append(this.picture, this.curveRow(), speed, this.steady.root);
  }

  private curveRow(): HTMLElement {
    const label = message('brush.curve');
    const row = element('div', { class: 'feel-curves', role: 'radiogroup', 'aria-label': label });
    row.append(element('span', { class: 'number-label', 'aria-hidden': 'true' }, label));
    for (const curve of CURVES) {
      const input = element('input', { type: 'radio', name: 'pressure-curve', value: curve });
      input.addEventListener('change', () => this.palette.setFeel({ curve }));
      this.curves.set(curve, input);
      row.append(element('label', {}, input, element('span', {}, message(`brush.curve.${curve}`))));
    }
    return row;
  }

  update(): void {
    const { steadiness, curve, isSpeedy } = this.palette.feel;
    const text = steadiness === 0 ? message('brush.steadyOff') : String(steadiness);
    this.steady.show(steadiness, text);
    this.curves.forEach((input, each) => (input.checked = each === curve));
    this.speed.checked = isSpeedy;
    this.draw();
  }

  /* A wave, pressed harder in its middle, or drawn faster there. */
  private stroke(): StrokeBuilder | ShapeBuilder {
    const { palette } = this;
    const brush = palette.brush();
    const { steadiness, curve, isSpeedy } = palette.feel;
    const ink = { tool: brush.tool, color: brush.color, widthPx: brush.width * RATIO };
    const at = (x: number, y: number): { level: number; tileX: number; tileY: number; x: number; y: number } => ({
      level: 0,
      tileX: 0,
      tileY: 0,
      x: x * RATIO,
      y: y * RATIO,
    });
    if (brush.tool === TOOL_FILL) {
      const builder = new ShapeBuilder('rectangle', ink, at(24, 14), 0);
      builder.add({ place: at(232, 50), pressure: 1, timeMs: 100 });
      return builder;
    }
    const feel = {
      pressure: isSpeedy ? ('speed' as const) : ('pen' as const),
      curve,
      stringPx: stringLength(steadiness) * RATIO,
      cssPx: RATIO,
    };
    const builder = new StrokeBuilder(ink, at(24, 32), feel, 0);
    let timeMs = 0;
    for (let i = 0; i <= STEPS; i++) {
      const t = i / STEPS;
      const press = Math.sin(t * Math.PI);
      timeMs += isSpeedy ? 9 - 8 * press : 6;
      builder.add({ place: at(24 + 208 * t, 32 + 16 * Math.sin(t * Math.PI * 3)), pressure: press, timeMs });
    }
    builder.finish();
    return builder;
  }

  private draw(): void {
    const { ink } = this;
    const { stroke } = this.stroke();
    const context = this.picture.getContext('2d')!;
    context.clearRect(0, 0, this.picture.width, this.picture.height);
    const [slot, mask, pixels] = [ink.allocStroke(), ink.allocMask(), ink.allocTile()];
    ink.beginStroke(slot, stroke.origin, stroke);
    loadPoints(ink, slot, stroke, 0, stroke.points.count);
    for (const x of [0, 1]) {
      const tile = { level: 0, x, y: 0 };
      ink.clearTile(pixels);
      ink.addStroke(mask, slot, 0, tile);
      /* What rubs out is shown as if it drew. */
      const isEraser = stroke.tool === TOOL_ERASER;
      const pen = isEraser ? { tool: 0 as const, color: (0x76706a00 + (stroke.color & 255)) >>> 0 } : stroke;
      const rect = ink.composite(mask, pen, pixels, pixels);
      if (rect !== null) {
        const rgba = ink.tileRgba(pixels, { x0: 0, y0: 0, x1: TILE_PX, y1: HIGH_PX * RATIO });
        context.putImageData(new ImageData(rgba, TILE_PX), x * TILE_PX, 0);
      }
      ink.clearMask(mask);
    }
    ink.freeStroke(slot);
    ink.freeMask(mask);
    ink.freeTile(pixels);
  }
}
