/* Takes a colour from the wall: what is seen at the pixel, whoever drew it, paper included. Held over the
 * wall it shows the colour; let go, it is the hand's, and the tool from before is back. */
import type { Ring } from '../ui/chrome.ts';
import type { Palette } from '../ui/palette.ts';
import type { Wall } from './wall.ts';

const LIFT_PX = 72;

export class Eyedropper {
  isOn = false;
  private isDown = false;
  private isHeld = false;
  private seen: string | null = null;
  /* The ring is seen above the finger, not under it. */
  private liftPx = 0;
  private readonly probe: CanvasRenderingContext2D;

  constructor(
    private readonly wall: Wall,
    private readonly palette: Palette,
    private readonly ring: Ring,
    private readonly changed: (isOn: boolean) => void,
  ) {
    const canvas = document.createElement('canvas');
    canvas.width = 1;
    canvas.height = 1;
    this.probe = canvas.getContext('2d', { willReadFrequently: true })!;
  }

  toggle(): void {
    this.set(!this.isOn);
  }

  /* For as long as a key is held; more than one colour may be tried. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    if (isHeld || !this.isDown) {
      this.set(isHeld);
    }
  }

  /* True if it was on. */
  stop(): boolean {
    const wasOn = this.isOn;
    this.isDown = false;
    this.isHeld = false;
    this.set(false);
    return wasOn;
  }

  private set(isOn: boolean): void {
    if (isOn !== this.isOn) {
      this.isOn = isOn;
      this.seen = null;
      this.ring.setColor(null);
      this.changed(isOn);
    }
  }

  begin(x: number, y: number): boolean {
    this.isDown = this.isOn;
    return this.move(x, y);
  }

  /* A finger that rests: on, and held over the wall until it is lifted. */
  press(x: number, y: number): void {
    this.set(true);
    this.liftPx = LIFT_PX;
    this.begin(x, y);
  }

  move(x: number, y: number): boolean {
    if (this.isDown) {
      this.look(x, y);
      this.ring.move(x, y - this.liftPx, true);
    }
    return this.isDown;
  }

  end(isDone: boolean): boolean {
    const { isDown, seen } = this;
    const isPress = this.liftPx > 0;
    this.isDown = false;
    this.liftPx = 0;
    if (isDown && isDone && seen !== null) {
      this.set(this.isHeld);
      this.palette.setColor(seen);
    } else if (isPress) {
      this.set(false);
    }
    return isDown;
  }

  hover(x: number, y: number): void {
    if (this.isOn && !this.isDown) {
      this.look(x, y);
    }
  }

  /* From the screen by way of one pixel: to read the screen itself would make drawing on it slow. */
  private look(x: number, y: number): void {
    const { canvas, viewport } = this.wall;
    const at = (css: number, size: number): number =>
      Math.min(size - 1, Math.max(0, Math.floor(css * viewport.ratio)));
    const [px, py] = [at(x, canvas.width), at(y, canvas.height)];
    this.probe.drawImage(canvas, px, py, 1, 1, 0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = this.probe.getImageData(0, 0, 1, 1).data;
    const rgb = red * 65_536 + green * 256 + blue;
    this.seen = `#${rgb.toString(16).padStart(6, '0')}`;
    this.ring.setColor(this.seen);
  }
}
