/* What the page can do from the beginning, as commands. Other parts add their own. */
import { TOOLS, type ToolName } from '../core/tools.ts';
import { closePopovers } from '../ui/popover.ts';
import type { App } from './app.ts';
import type { Command } from './commands.ts';

const PAN_PX = 96;

export function addActions(app: App): void {
  addDrawing(app);
  addLooking(app);
  addPage(app);
}

function addDrawing(app: App): void {
  const { commands, palette, eyedropper } = app;
  const isAvailable = (): boolean => app.mayDraw;
  const tool = (name: ToolName): Command => ({
    id: `tool.${name}`,
    title: TOOLS[name].title,
    group: 'draw',
    keys: [TOOLS[name].key],
    isAvailable,
    isOn: () => palette.tool === name && !eyedropper.isOn,
    run: () => {
      eyedropper.stop();
      palette.setTool(name);
    },
  });
  commands.add(
    ...(Object.keys(TOOLS) as ToolName[]).map(tool),
    {
      id: 'color.pick',
      title: 'toolbar.pick',
      group: 'draw',
      keys: ['k'],
      isAvailable,
      isOn: () => eyedropper.isOn,
      run: () => eyedropper.toggle(),
    },
    {
      id: 'edit.undo',
      title: 'toolbar.undo',
      group: 'edit',
      keys: ['mod+z'],
      isAvailable,
      run: () => app.undo(),
    },
    {
      id: 'edit.redo',
      title: 'toolbar.redo',
      group: 'edit',
      keys: ['mod+shift+z', 'mod+y'],
      isAvailable,
      run: () => app.redo(),
    },
  );
  commands.addHold({
    id: 'draw.regular',
    title: 'command.regular',
    group: 'draw',
    key: 'shift',
    isAvailable,
    run: (isDown) => app.hand.hold({ isRegular: isDown }),
  });
}

function addLooking(app: App): void {
  const { commands, wall } = app;
  const pan = (name: 'left' | 'right' | 'up' | 'down', dx: number, dy: number): Command => ({
    id: `view.${name}`,
    title: `command.${name}`,
    group: 'view',
    keys: [`arrow${name}`],
    run: () => wall.pan(dx * PAN_PX, dy * PAN_PX),
  });
  commands.add(
    {
      id: 'view.zoomIn',
      title: 'zoom.in',
      group: 'view',
      keys: ['+', '='],
      run: () => app.zoomStep(1),
    },
    {
      id: 'view.zoomOut',
      title: 'zoom.out',
      group: 'view',
      keys: ['-', '_'],
      run: () => app.zoomStep(-1),
    },
    {
      id: 'view.zoomReset',
      title: 'zoom.reset',
      group: 'view',
      keys: ['0'],
      run: () => app.zoomReset(),
    },
    pan('left', 1, 0),
    pan('right', -1, 0),
    pan('up', 0, 1),
    pan('down', 0, -1),
    {
      id: 'places.newest',
      title: 'command.newest',
      group: 'places',
      keys: ['home'],
      run: () => app.goToRecent(),
    },
    {
      id: 'past.timeMachine',
      title: 'past.timeMachine',
      group: 'past',
      keys: ['shift+t'],
      isOn: () => app.doors.isPast,
      run: () => app.doors.past(),
    },
    {
      id: 'past.who',
      title: 'past.who',
      group: 'past',
      keys: ['i'],
      run: () => app.doors.who(),
    },
  );
  commands.addHold({
    id: 'view.grab',
    title: 'command.grab',
    group: 'view',
    key: 'space',
    run: (isDown) => {
      app.gestures.isSpaceDown = isDown;
      wall.canvas.classList.toggle('is-grabbing', isDown);
    },
  });
}

function addPage(app: App): void {
  const { commands } = app;
  commands.add({
    id: 'page.save',
    title: 'toolbar.save',
    group: 'page',
    run: () => app.save(),
  });
  commands.addEscape(() => {
    app.hand.cancel();
    app.wall.request();
    return true;
  });
  commands.addEscape(() => app.eyedropper.stop());
  commands.addEscape(() => app.doors.escape());
  commands.addEscape(closePopovers);
}
