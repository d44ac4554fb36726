/* Width and opacity of the tool in hand: a drag on the button changes the width, a press opens the panel. How the hand is
 * followed (stabiliser, pressure) is loaded with it when it is opened first. */
import { message } from '../i18n/i18n.ts';
import { element } from './dom.ts';
import { NumberSlider } from './numberslider.ts';
import { OPACITY_MIN, placeOfWidth, widthAt, WIDTH_MAX, WIDTH_MIN, type Palette } from './palette.ts';
import { Popover } from './popover.ts';

const SAMPLE_PX_MAX = 22;
/* A press that slips is a press. */
const DRAG_PX = 8;
const DRAG_WHOLE_PX = 320;

export interface SizeEvents {
  /* The width is being changed by hand: it is to be seen. */
  showSize(isShown: boolean): void;
  feel(place: HTMLElement): Promise<{ update(): void }>;
}

export class SizeButton {
  readonly root: HTMLElement;
  private readonly trigger = element('button', { type: 'button', class: 'size-button' });
  private readonly sample = element('span', { class: 'width-sample' });
  private readonly width: NumberSlider;
  private readonly opacity: NumberSlider;
  private readonly panel = element('div', {
    class: 'panel size-panel',
    role: 'dialog',
    'aria-label': message('brush.panel'),
  });
  private readonly place = element('div', { class: 'feel-place' });
  private readonly popover: Popover;
  private feel: { update(): void } | null = null;
  private drag: { x: number; y: number; from: number; isMoved: boolean } | null = null;
  private hasDragged = false;

  constructor(
    private readonly palette: Palette,
    private readonly events: SizeEvents,
  ) {
    this.trigger.append(this.sample);
    this.width = new NumberSlider({
      label: message('toolbar.width'),
      unit: 'px',
      min: WIDTH_MIN,
      max: WIDTH_MAX,
      step: 0.5,
      valueAt: widthAt,
      placeOf: placeOfWidth,
      changed: (width) => palette.setWidth(width),
    });
    this.opacity = new NumberSlider({
      label: message('brush.opacity'),
      unit: '%',
      min: OPACITY_MIN * 100,
      max: 100,
      step: 1,
      valueAt: (place) => Math.round(100 * (OPACITY_MIN + (1 - OPACITY_MIN) * place)),
      placeOf: (percent) => (percent / 100 - OPACITY_MIN) / (1 - OPACITY_MIN),
      changed: (percent) => palette.setOpacity(percent / 100),
    });
    this.panel.append(this.place, this.opacity.root, this.width.root);
    this.popover = new Popover(this.trigger, this.panel, () => {
      this.width.slider.focus();
      void this.loadFeel();
    });
    this.listenDrag();
    this.root = element('div', { class: 'holder has-wide-panel' }, this.trigger, this.panel);
    this.update();
  }

  private async loadFeel(): Promise<void> {
    if (this.feel !== null) {
      this.feel.update();
    } else {
      this.feel = { update: () => undefined };
      try {
        this.feel = await this.events.feel(this.place);
        this.feel.update();
        this.popover.fitIn();
      } catch {
        this.feel = null; /* tried again when it is opened next */
      }
    }
  }

  /* To the right and up it grows. */
  private listenDrag(): void {
    const { trigger, palette, events } = this;
    trigger.addEventListener('pointerdown', (event) => {
      this.hasDragged = false;
      if (event.button === 0 && palette.hasWidth) {
        trigger.setPointerCapture(event.pointerId);
        this.drag = { x: event.clientX, y: event.clientY, from: placeOfWidth(palette.width), isMoved: false };
      }
    });
    trigger.addEventListener('pointermove', (event) => {
      const { drag } = this;
      if (drag !== null) {
        const px = event.clientX - drag.x - (event.clientY - drag.y);
        if (!drag.isMoved && Math.abs(px) >= DRAG_PX) {
          drag.isMoved = true;
          events.showSize(true);
        }
        if (drag.isMoved) {
          palette.setWidth(widthAt(Math.min(1, Math.max(0, drag.from + px / DRAG_WHOLE_PX))));
        }
      }
    });
    const end = (): void => {
      if (this.drag?.isMoved) {
        this.hasDragged = true;
        events.showSize(false);
      }
      this.drag = null;
    };
    trigger.addEventListener('pointerup', end);
    trigger.addEventListener('pointercancel', end);
    /* The press that ends a drag is none; before the popover hears of it. */
    trigger.addEventListener(
      'click',
      (event) => {
        if (this.hasDragged && event.detail > 0) {
          event.stopImmediatePropagation();
        }
        this.hasDragged = false;
      },
      true,
    );
  }

  update(): void {
    const { width, opacity, hasWidth } = this.palette;
    const percent = Math.round(opacity * 100);
    const text = message('toolbar.widthPx', { width });
    const label = hasWidth
      ? message('brush.inHand', { width: text, opacity: percent })
      : message('brush.inHandFilled', { opacity: percent });
    this.trigger.setAttribute('aria-label', label);
    this.trigger.title = message('brush.title', { now: label });
    const place = hasWidth ? placeOfWidth(width) : 1;
    this.sample.style.setProperty('--size', `${3 + (SAMPLE_PX_MAX - 3) * place}px`);
    this.sample.style.setProperty('--opacity', String(0.25 + 0.75 * opacity));
    this.sample.classList.toggle('is-filled', !hasWidth);
    this.width.disabled = !hasWidth;
    this.width.show(width, text);
    this.opacity.show(percent, message('brush.percent', { opacity: percent }));
    if (!this.panel.hidden) {
      this.feel?.update();
    }
  }
}
