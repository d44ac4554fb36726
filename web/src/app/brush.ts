/* The brush's wiring: its commands and keys; its size follows a drag on the wall; the rarer half of its panels is
 * loaded when it is asked for. */
import type { Ink } from '../ink.ts';
import { message } from '../i18n/i18n.ts';
import type { ColorEvents } from '../ui/colorbutton.ts';
import { colorName } from '../ui/colornames.ts';
import { placeOfWidth, widthAt } from '../ui/palette.ts';
import type { SizeEvents } from '../ui/sizebutton.ts';
import type { App } from './app.ts';
import type { Command } from './commands.ts';

/* So many CSS pixels of a drag lead from the smallest brush to the largest. */
const DRAG_PX = 420;

/* A ring where the drag began shows the size. */
export function sizing(app: App): {
  sizeBegin(x: number, y: number): void;
  sizeMove(dx: number): void;
  sizeEnd(): void;
} {
  let from = 0;
  let at = { x: 0, y: 0 };
  return {
    sizeBegin: (x, y) => {
      from = placeOfWidth(app.palette.width);
      at = { x, y };
      app.chrome.ring.hold(true);
      app.chrome.ring.move(x, y, true);
    },
    sizeMove: (dx) => {
      app.palette.setWidth(widthAt(Math.min(1, Math.max(0, from + dx / DRAG_PX))));
      app.chrome.ring.move(at.x, at.y, true);
    },
    sizeEnd: () => app.chrome.ring.hold(false),
  };
}

export function brushEvents(app: App, ink: Ink): Pick<ColorEvents, 'mix'> & SizeEvents {
  const parts = async (): Promise<typeof import('../brush/brush.ts')> => {
    const loaded = await import('../brush/brush.ts');
    await loaded.dress();
    return loaded;
  };
  return {
    mix: async (place) =>
      (await parts()).openMixer(place, app.palette, (text) => app.chrome.toast.say(text)),
    feel: async (place) => (await parts()).openFeel(place, app.palette, ink),
    showSize: (isShown) => {
      const { ring } = app.chrome;
      ring.hold(isShown);
      ring.move(app.wall.viewport.width / 2, app.wall.viewport.height / 2, isShown);
    },
  };
}

export function addBrushActions(app: App): void {
  const { commands, palette } = app;
  const isAvailable = (): boolean => app.mayDraw;
  /* What a key changed, for those who do not see the toolbar. */
  const say = (text: string): void => app.shell.region.say(text);
  const sayWidth = (): void => say(message('toolbar.widthPx', { width: palette.width }));
  const stepOpacity = (direction: 1 | -1): void => {
    palette.setOpacity(palette.opacity + direction * 0.1);
    say(message('brush.percent', { opacity: Math.round(palette.opacity * 100) }));
  };
  const color = (index: number): Command => ({
    id: `color.${index + 1}`,
    title: 'command.colorNumber',
    values: { number: index + 1 },
    group: 'draw',
    keys: [String(index + 1)],
    isUnlisted: true,
    isAvailable: () => app.mayDraw && palette.colors[index] !== undefined,
    run: () => {
      palette.setColor(palette.colors[index]!);
      say(colorName(palette.rgb));
    },
  });
  commands.add(
    ...Array.from({ length: 9 }, (_, index) => color(index)),
    {
      id: 'color.swap',
      title: 'color.swap',
      group: 'draw',
      keys: ['x'],
      isAvailable,
      run: () => {
        palette.swap();
        say(colorName(palette.rgb));
      },
    },
    {
      id: 'width.thinner',
      title: 'command.thinner',
      group: 'draw',
      keys: ['['],
      isAvailable,
      run: () => {
        palette.stepWidth(-1);
        sayWidth();
      },
    },
    {
      id: 'width.thicker',
      title: 'command.thicker',
      group: 'draw',
      keys: [']'],
      isAvailable,
      run: () => {
        palette.stepWidth(1);
        sayWidth();
      },
    },
    {
      id: 'opacity.less',
      title: 'command.opacityLess',
      group: 'draw',
      keys: ['shift+[', '{'],
      isAvailable,
      run: () => stepOpacity(-1),
    },
    {
      id: 'opacity.more',
      title: 'command.opacityMore',
      group: 'draw',
      keys: ['shift+]', '}'],
      isAvailable,
      run: () => stepOpacity(1),
    },
    {
      id: 'brush.speedPressure',
      title: 'brush.speedPressure',
      group: 'draw',
      isAvailable,
      isOn: () => palette.feel.isSpeedy,
      run: () => palette.setFeel({ isSpeedy: !palette.feel.isSpeedy }),
    },
  );
  commands.addHold({
    id: 'draw.alt',
    title: 'command.alt',
    group: 'draw',
    key: 'alt',
    isAvailable,
    run: (isDown) => {
      if (app.hand.isDrawing) {
        app.hand.hold({ isCentred: isDown });
      } else {
        app.eyedropper.hold(isDown);
      }
    },
  });
}
