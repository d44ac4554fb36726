/* How the hands work on this page: what fingers do beside a pen, the side the controls are on, turning and
 * mirroring the view; their commands, and what is kept of them. */
import { isUpright, mirrored, turnStep, UPRIGHT } from '../core/turn.ts';
import { message, type MessageId } from '../i18n/i18n.ts';
import { Compass } from '../ui/compass.ts';
import type { App } from './app.ts';
import type { Command } from './commands.ts';

/* `auto`: they draw until a pen was seen. */
type FingersDo = 'auto' | 'draw' | 'move';

const FINGERS = 'hands.fingers';
const PEN = 'hands.pen';
const TWIST = 'hands.twist';
const LEFT = 'hands.left';
/* Fingers that undo something, and something back. */
const UNDO_FINGERS = 2;
const REDO_FINGERS = 3;

export class Hands {
  private readonly compass: Compass;

  constructor(private readonly app: App) {
    this.compass = new Compass(
      () => app.wall.turnTo(UPRIGHT),
      (turn) => app.wall.setTurn(turn),
    );
    document.body.append(this.compass.root);
    document.body.classList.toggle('is-left-handed', this.isLeft);
    this.addCommands();
  }

  private get(name: string): unknown {
    return this.app.keeping.settings.get(name);
  }

  private set(name: string, value: unknown): void {
    this.app.keeping.settings.set(name, value);
  }

  private get fingers(): FingersDo {
    const kept = this.get(FINGERS);
    return kept === 'draw' || kept === 'move' ? kept : 'auto';
  }

  get fingersDraw(): boolean {
    const { fingers } = this;
    return fingers === 'draw' || (fingers === 'auto' && this.get(PEN) !== true);
  }

  get canTwist(): boolean {
    return this.get(TWIST) !== false;
  }

  private get isLeft(): boolean {
    return this.get(LEFT) === true;
  }

  /* From the first touch of a pen on: said once. */
  penCame(): void {
    if (this.get(PEN) !== true) {
      this.set(PEN, true);
      if (this.fingers === 'auto' && navigator.maxTouchPoints > 0) {
        this.app.chrome.toast.say(message('hands.penCame'));
      }
    }
  }

  /* On small screens what floats over the wall makes room. */
  setDrawing(isDrawing: boolean): void {
    document.body.classList.toggle('is-drawing', isDrawing);
  }

  private get mayDraw(): boolean {
    const { page, doors } = this.app;
    return !page.isWatching && !doors.isLooking && doors.tool === null;
  }

  tapped(fingers: number): void {
    if (!this.mayDraw) {
      return;
    }
    if (fingers === UNDO_FINGERS) {
      this.app.undo();
    } else if (fingers === REDO_FINGERS) {
      this.app.redo();
    }
  }

  /* A finger that rests takes the colour under it; where nobody draws it asks who drew that. */
  longPress(x: number, y: number): boolean {
    const { app } = this;
    if (app.doors.tool !== null || app.eyedropper.isOn) {
      return false;
    }
    if (!this.mayDraw) {
      app.doors.ask(x, y);
      return false;
    }
    app.hand.cancel();
    this.setDrawing(false);
    app.wall.request();
    app.eyedropper.press(x, y);
    return true;
  }

  framed(): void {
    this.compass.show(this.app.wall.camera.turn);
  }

  private addCommands(): void {
    this.addTurning();
    this.addHabits();
  }

  private addTurning(): void {
    const { wall, commands } = this.app;
    const turn = (name: string, title: MessageId, key: string, run: () => void): Command => ({
      id: `view.${name}`,
      title,
      group: 'view',
      keys: [key],
      run,
    });
    commands.add(
      turn('turnLeft', 'command.turnLeft', ',', () => wall.turnTo(turnStep(wall.turn, -1))),
      turn('turnRight', 'command.turnRight', '.', () => wall.turnTo(turnStep(wall.turn, 1))),
      {
        ...turn('mirror', 'command.mirror', 'shift+m', () => wall.setTurn(mirrored(wall.turn))),
        isOn: () => wall.camera.turn.isMirrored,
      },
      {
        ...turn('upright', 'command.upright', 'shift+0', () => wall.turnTo(UPRIGHT)),
        isAvailable: () => !isUpright(wall.turn),
      },
    );
  }

  private addHabits(): void {
    const { commands } = this.app;
    const habit = (name: string, title: MessageId, isOn: () => boolean, run: () => void): Command => ({
      id: `hands.${name}`,
      title,
      group: 'page',
      isOn,
      run,
    });
    commands.add(
      habit('fingersDraw', 'command.fingersDraw', () => this.fingersDraw, () => {
        this.set(FINGERS, this.fingersDraw ? 'move' : 'draw');
      }),
      habit('fingersAuto', 'command.fingersAuto', () => this.fingers === 'auto', () => {
        const fixed = this.fingersDraw ? 'draw' : 'move';
        this.set(FINGERS, this.fingers === 'auto' ? fixed : 'auto');
      }),
      habit('twist', 'command.twist', () => this.canTwist, () => this.set(TWIST, !this.canTwist)),
      habit('left', 'command.leftHanded', () => this.isLeft, () => {
        this.set(LEFT, !this.isLeft);
        document.body.classList.toggle('is-left-handed', this.isLeft);
      }),
    );
  }
}
