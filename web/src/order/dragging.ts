/* A rectangle dragged over the wall, while the panel makes room. By the keyboard, too: the crosshair's presses are presses. */
import type { App } from '../app/app.ts';
import type { WallTool } from '../app/doors.ts';
import { rectAround } from '../history/area.ts';
import { message } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';
import type { Place } from './wire.ts';

const SIDE_PX_MIN = 6;

export class Dragging {
  private readonly box = element('div', { class: 'order-drag' });
  private readonly bar: HTMLElement;
  private readonly leave = element('button', { type: 'button' }, message('past.cancel'));
  private tool: WallTool | null = null;

  /* `onEnd`: it is over, however it ended. */
  constructor(
    private readonly app: App,
    private readonly onEnd: () => void,
  ) {
    this.leave.addEventListener('click', () => this.end());
    this.bar = element('div', { class: 'order-dragbar' }, element('span', { role: 'status' }, message('order.dragNow')), this.leave);
    this.box.hidden = this.bar.hidden = true;
    document.body.append(this.box, this.bar);
    app.commands.addEscape(() => this.isOn && (this.end(), true));
  }

  get isOn(): boolean {
    return this.tool !== null;
  }

  begin(chosen: (place: Place) => void): void {
    const { app } = this;
    let from = { x: 0, y: 0 };
    let to = from;
    const tool: WallTool = {
      begin: (x, y) => (from = to = { x, y }),
      move: (x, y) => {
        to = { x, y };
        this.stretch(from, to);
      },
      end: (isDone) => {
        const isLarge = Math.abs(from.x - to.x) >= SIDE_PX_MIN && Math.abs(from.y - to.y) >= SIDE_PX_MIN;
        if (isDone && isLarge) {
          const { camera, viewport } = app.wall;
          this.end();
          chosen(rectAround(camera, viewport, [from, to]));
        } else {
          this.box.hidden = true;
        }
      },
    };
    app.wall.canvas.classList.add('is-choosing');
    app.doors.tool = this.tool = tool;
    this.bar.hidden = false;
    app.wall.canvas.focus({ preventScroll: true });
  }

  end(): void {
    const { doors, wall } = this.app;
    if (!this.isOn) {
      return;
    }
    if (doors.tool === this.tool) {
      doors.tool = null;
      wall.canvas.classList.remove('is-choosing');
    }
    this.tool = null;
    this.box.hidden = this.bar.hidden = true;
    this.onEnd();
  }

  private stretch(from: { x: number; y: number }, to: { x: number; y: number }): void {
    const { style } = this.box;
    style.setProperty('--x', `${Math.min(from.x, to.x)}px`);
    style.setProperty('--y', `${Math.min(from.y, to.y)}px`);
    style.setProperty('--w', `${Math.abs(from.x - to.x)}px`);
    style.setProperty('--h', `${Math.abs(from.y - to.y)}px`);
    this.box.hidden = false;
  }
}
