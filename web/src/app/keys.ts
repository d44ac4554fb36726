/* The keyboard: which command a press means, and whose key it is. What is typed into is left alone. */
import { chordsOf, type Press } from '../core/chords.ts';
import type { Commands, Hold } from './commands.ts';

const HOLD_KEYS: Record<string, Hold['key']> = { ' ': 'space', Shift: 'shift', Alt: 'alt' };
/* These are the button's that has the focus. */
const PRESSES = new Set(['space', 'enter']);

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) {
    return false;
  }
  const isText = target.matches('input:not([type="color"], [type="checkbox"]), textarea, select');
  return isText || target.isContentEditable || target.closest('dialog') !== null;
}

function isOnControl(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('button, a, summary, input, [role="slider"], [role="menuitem"]') !== null
  );
}

function pressOf(event: KeyboardEvent): Press {
  return {
    key: event.key,
    code: event.code,
    isShift: event.shiftKey,
    isAlt: event.altKey,
    isMod: event.ctrlKey || event.metaKey,
    isAltGraph: event.getModifierState('AltGraph'),
  };
}

export function listenKeys(commands: Commands): () => void {
  const held = new Set<Hold>();

  const hold = (event: KeyboardEvent): boolean => {
    const key = HOLD_KEYS[event.key];
    const isOthers = key === 'space' && (isOnControl(event.target) || event.ctrlKey);
    if (key === undefined || isOthers) {
      return false;
    }
    let isTaken = false;
    for (const each of commands.holds) {
      if (each.key === key && (each.isAvailable?.() ?? true)) {
        isTaken = true;
        if (!held.has(each)) {
          held.add(each);
          each.run(true);
        }
      }
    }
    return isTaken;
  };
  const release = (key: Hold['key'] | null): void => {
    for (const each of held) {
      if (key === null || each.key === key) {
        held.delete(each);
        each.run(false);
      }
    }
  };

  const down = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) {
      return;
    }
    const press = pressOf(event);
    if (isTyping(event.target) && !(press.isMod && event.key.toLowerCase() === 'k')) {
      return;
    }
    if (event.key === 'Escape') {
      commands.escape();
      return;
    }
    const chords = chordsOf(press);
    const isControls = isOnControl(event.target) && chords.some((chord) => PRESSES.has(chord));
    const command = isControls ? null : commands.at(chords);
    if (command !== null) {
      event.preventDefault();
      command.run();
      commands.pressed(command);
    } else if (hold(event) && event.key !== 'Shift') {
      event.preventDefault(); /* space would scroll, Alt open the browser's menu */
    }
  };
  const up = (event: KeyboardEvent): void => {
    const key = HOLD_KEYS[event.key];
    if (key !== undefined) {
      release(key);
    }
  };
  /* The keys are let go somewhere else. */
  const blur = (): void => release(null);
  window.addEventListener('keydown', down);
  window.addEventListener('keyup', up);
  window.addEventListener('blur', blur);
  return () => {
    window.removeEventListener('keydown', down);
    window.removeEventListener('keyup', up);
    window.removeEventListener('blur', blur);
  };
}
