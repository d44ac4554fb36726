/* The keyboard. */
import { TOOLS, type ToolName } from '../core/tools.ts';

export interface KeyEvents {
  tool(tool: ToolName): void;
  pick(): void;
  width(direction: 1 | -1): void;
  undo(): void;
  redo(): void;
  zoom(direction: 1 | -1): void;
  zoomReset(): void;
  pan(dx: number, dy: number): void;
  home(): void;
  help(): void;
  space(isDown: boolean): void;
  shift(isDown: boolean): void;
  escape(): void;
  past(): void;
  who(): void;
}

const PAN_PX = 96;

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) {
    return false;
  }
  const isText = target instanceof HTMLInputElement && target.type !== 'color';
  return isText || target.closest('dialog') !== null;
}

/* Space on a button presses it. */
function isOnButton(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button') !== null;
}

export function listenKeys(events: KeyEvents): () => void {
  const names = Object.keys(TOOLS) as ToolName[];
  const plain = new Map<string, () => void>([
    ...names.map((name) => [TOOLS[name].key, () => events.tool(name)] as [string, () => void]),
    ['k', () => events.pick()],
    ['[', () => events.width(-1)],
    [']', () => events.width(1)],
    ['+', () => events.zoom(1)],
    ['=', () => events.zoom(1)],
    ['-', () => events.zoom(-1)],
    ['_', () => events.zoom(-1)],
    ['0', () => events.zoomReset()],
    ['arrowleft', () => events.pan(PAN_PX, 0)],
    ['arrowright', () => events.pan(-PAN_PX, 0)],
    ['arrowup', () => events.pan(0, PAN_PX)],
    ['arrowdown', () => events.pan(0, -PAN_PX)],
    ['home', () => events.home()],
    ['shift+t', () => events.past()],
    ['i', () => events.who()],
    ['?', () => events.help()],
    ['escape', () => events.escape()],
  ]);
  const down = (event: KeyboardEvent): void => {
    if (event.key === 'Shift') {
      events.shift(true);
    }
    if (isTyping(event.target) && event.key !== '?') {
      return;
    }
    const letter = event.key.toLowerCase();
    const shifted = `shift+${letter}`;
    const key = event.shiftKey && plain.has(shifted) ? shifted : letter;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && !event.altKey && (key === 'z' || key === 'y')) {
      event.preventDefault();
      if (key === 'y' || event.shiftKey) {
        events.redo();
      } else {
        events.undo();
      }
    } else if (!isCommand && !event.altKey && key === ' ' && !isOnButton(event.target)) {
      event.preventDefault();
      events.space(true);
    } else if (!isCommand && !event.altKey && plain.has(key)) {
      event.preventDefault();
      plain.get(key)!();
    }
  };
  const up = (event: KeyboardEvent): void => {
    if (event.key === ' ') {
      events.space(false);
    } else if (event.key === 'Shift') {
      events.shift(false);
    }
  };
  const blur = (): void => events.space(false);
  window.addEventListener('keydown', down);
  window.addEventListener('keyup', up);
  window.addEventListener('blur', blur);
  return () => {
    window.removeEventListener('keydown', down);
    window.removeEventListener('keyup', up);
    window.removeEventListener('blur', blur);
  };
}
