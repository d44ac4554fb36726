/* What can be done with the strokes selected, and with a polygon that is being set, as commands; the work is done
 * by select/ and text/, which are loaded with the tools. */
import type { MessageId } from '../i18n/i18n.ts';
import type { App } from './app.ts';
import type { Command } from './commands.ts';
import type { Studio, StudioTool } from './studio.ts';

export interface Selecting extends StudioTool {
  readonly hasSelection: boolean;
  readonly isText: boolean;
  editText(): void;
  nudge(dx: number, dy: number): void; /* CSS pixels */
  grow(factor: number): void;
  turn(degrees: number): void;
  remove(): void;
  double(): void;
  all(): void;
  next(step: 1 | -1): void;
}

export interface Cornered extends StudioTool {
  close(): void;
  back(): void;
}

const STEP_PX = 1;
const FAR_PX = 10;
const GROW = 1.1;
const TURN = 15;

export function addSelecting(app: App, studio: Studio): void {
  const selecting = (): Selecting | null =>
    studio.active !== null && 'hasSelection' in studio.active ? (studio.active as Selecting) : null;
  const isReady = (): boolean => app.mayDraw && selecting() !== null;
  const isSelected = (): boolean => app.mayDraw && (selecting()?.hasSelection ?? false);
  const command = (
    id: string,
    title: MessageId,
    keys: readonly string[],
    act: (tool: Selecting) => void,
    isAvailable = isSelected,
  ): Command => ({
    id: `select.${id}`,
    title,
    group: 'edit',
    keys,
    isAvailable,
    run: () => act(selecting()!),
  });
  const move = (
    name: 'left' | 'right' | 'up' | 'down',
    title: MessageId,
    dx: number,
    dy: number,
  ): Command[] => [
    command(name, title, [`arrow${name}`], (tool) => tool.nudge(dx * STEP_PX, dy * STEP_PX)),
    {
      ...command(`${name}Far`, title, [`shift+arrow${name}`], (tool) =>
        tool.nudge(dx * FAR_PX, dy * FAR_PX),
      ),
      isUnlisted: true,
    },
  ];
  app.commands.add(
    command('all', 'select.all', ['mod+a'], (tool) => tool.all(), isReady),
    command('next', 'select.next', ['pagedown'], (tool) => tool.next(1), isReady),
    command('previous', 'select.previous', ['pageup'], (tool) => tool.next(-1), isReady),
    command('editText', 'select.editText', ['enter'], (tool) => tool.editText(), () => isSelected() && selecting()!.isText),
    command('double', 'select.double', ['mod+d'], (tool) => tool.double()),
    command('remove', 'select.remove', ['delete', 'backspace'], (tool) => tool.remove()),
    ...move('left', 'select.left', -1, 0),
    ...move('right', 'select.right', 1, 0),
    ...move('up', 'select.up', 0, -1),
    ...move('down', 'select.down', 0, 1),
    command('larger', 'select.larger', [']'], (tool) => tool.grow(GROW)),
    command('smaller', 'select.smaller', ['['], (tool) => tool.grow(1 / GROW)),
    command('turnRight', 'select.turnRight', ['.'], (tool) => tool.turn(TURN)),
    command('turnLeft', 'select.turnLeft', [','], (tool) => tool.turn(-TURN)),
  );
  addPolygon(app, studio);
}

function addPolygon(app: App, studio: Studio): void {
  const polygon = (): Cornered | null =>
    studio.isBusy && 'back' in studio.active! ? (studio.active as Cornered) : null;
  const isAvailable = (): boolean => app.mayDraw && polygon() !== null;
  app.commands.add(
    {
      id: 'polygon.close',
      title: 'polygon.close',
      group: 'draw',
      keys: ['enter'],
      isAvailable,
      run: () => polygon()!.close(),
    },
    {
      id: 'polygon.back',
      title: 'polygon.back',
      group: 'draw',
      keys: ['backspace'],
      isAvailable,
      run: () => polygon()!.back(),
    },
  );
}
