/* A value by slider, for the thumb, and as a number, to be exact. */
import { element } from './dom.ts';

export interface NumberSliderOptions {
  label: string;
  unit: string;
  min: number; /* of the number */
  max: number;
  step: number;
  /* From the slider's 0..1 to the number, and back. */
  valueAt(place: number): number;
  placeOf(value: number): number;
  changed(value: number): void;
}

export class NumberSlider {
  readonly root: HTMLElement;
  readonly slider: HTMLInputElement;
  private readonly number: HTMLInputElement;
  private value = 0;

  constructor(private readonly options: NumberSliderOptions) {
    const { label, unit, min, max, step } = options;
    this.slider = element('input', { type: 'range', min: '0', max: '1', step: '0.005', 'aria-label': label });
    this.number = element('input', { type: 'number', 'aria-label': label, inputmode: 'decimal' });
    [this.number.min, this.number.max, this.number.step] = [min, max, step].map(String) as [string, string, string];
    this.slider.addEventListener('input', () => options.changed(options.valueAt(Number(this.slider.value))));
    this.number.addEventListener('change', () => this.take());
    this.number.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') {
        this.take();
      }
    });
    this.root = element(
      'div',
      { class: 'number-slider' },
      element('span', { class: 'number-label', 'aria-hidden': 'true' }, label),
      this.slider,
      element('span', { class: 'number-field' }, this.number, element('span', { 'aria-hidden': 'true' }, unit)),
    );
  }

  /* What is no number is put back. */
  private take(): void {
    const value = this.number.valueAsNumber;
    if (Number.isFinite(value)) {
      this.options.changed(value);
    }
    this.number.value = String(this.value);
  }

  set disabled(isDisabled: boolean) {
    this.slider.disabled = isDisabled;
    this.number.disabled = isDisabled;
  }

  show(value: number, text: string): void {
    this.value = value;
    this.slider.value = String(this.options.placeOf(value));
    this.slider.setAttribute('aria-valuetext', text);
    if (document.activeElement !== this.number) {
      this.number.value = String(value);
    }
  }
}
