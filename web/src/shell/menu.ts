/* The main menu: the commands of the page, and what is chosen among several (language, theme), each choice a
 * page of its own. The keys are those of the ARIA menu pattern. Loaded when it is first opened. */
import { Check, ChevronLeft, ChevronRight } from 'lucide';
import type { Command, Commands } from '../app/commands.ts';
import { message, type MessageId } from '../i18n/i18n.ts';
import { element, icon, keyText } from '../ui/dom.ts';

export class Menu {
  readonly root = element('div', { class: 'menu', role: 'menu' });
  private choice: MessageId | null = null;
  private typed = '';
  private typedMs = 0;

  constructor(
    private readonly commands: Commands,
    private readonly close: () => void,
  ) {
    this.root.addEventListener('keydown', (event) => this.key(event));
  }

  open(): void {
    this.show(null);
  }

  private get listed(): Command[] {
    return this.commands.list.filter(
      (command) => command.group === 'page' && (command.isAvailable?.() ?? true),
    );
  }

  private show(choice: MessageId | null): void {
    const former = this.choice;
    this.choice = choice;
    const label = message(choice ?? 'menu.label');
    this.root.setAttribute('aria-label', label);
    this.root.replaceChildren(...(choice === null ? this.main() : this.choices(choice)));
    const back = choice === null && former !== null ? `[data-choice="${former}"]` : null;
    const first = this.root.querySelector<HTMLElement>(back ?? '[aria-checked="true"]');
    (choice === null && back === null ? this.items[0] : (first ?? this.items[0]))?.focus();
  }

  private main(): HTMLElement[] {
    const made: HTMLElement[] = [];
    const seen = new Set<MessageId>();
    for (const command of this.listed) {
      if (command.choice === undefined) {
        made.push(this.item(command));
      } else if (!seen.has(command.choice)) {
        seen.add(command.choice);
        made.push(this.door(command.choice));
      }
    }
    return made;
  }

  private choices(choice: MessageId): HTMLElement[] {
    const back = this.line('menuitem', message(choice), () => this.show(null));
    back.classList.add('is-back');
    back.prepend(mirrored(icon(ChevronLeft)));
    const items = this.listed.filter((command) => command.choice === choice);
    return [back, ...items.map((command) => this.item(command))];
  }

  /* Leads to the choices; tells what is chosen. */
  private door(choice: MessageId): HTMLElement {
    const chosen = this.listed.find((command) => command.choice === choice && command.isOn?.());
    const line = this.line('menuitem', message(choice), () => this.show(choice));
    line.setAttribute('aria-haspopup', 'menu');
    line.dataset['choice'] = choice;
    if (chosen !== undefined) {
      line.append(element('span', { class: 'menu-now' }, nameOf(chosen)));
    }
    line.append(mirrored(icon(ChevronRight)));
    return line;
  }

  private item(command: Command): HTMLElement {
    const isRadio = command.choice !== undefined;
    const role = command.isOn === undefined ? 'menuitem' : isRadio ? 'menuitemradio' : 'menuitemcheckbox';
    const line = this.line(role, nameOf(command), () => {
      this.close();
      this.commands.run(command.id);
    });
    if (command.isOn !== undefined) {
      line.setAttribute('aria-checked', String(command.isOn()));
      const check = icon(Check);
      check.classList.add('menu-check');
      line.prepend(check);
    }
    if (command.language !== undefined) {
      line.lang = command.language;
    }
    const chord = command.keys?.[0];
    if (chord !== undefined) {
      line.append(element('kbd', {}, keyText(chord)));
    }
    return line;
  }

  private line(role: string, text: string, act: () => void): HTMLElement {
    const line = element('button', { type: 'button', role, tabindex: '-1' });
    line.append(element('span', { class: 'menu-text' }, text));
    line.addEventListener('click', act);
    return line;
  }

  /* ---- keys ---- */

  private get items(): HTMLElement[] {
    return [...this.root.querySelectorAll<HTMLElement>('[role^="menuitem"]')];
  }

  private key(event: KeyboardEvent): void {
    const { items } = this;
    const at = items.indexOf(document.activeElement as HTMLElement);
    const isRight = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const isLeft = isRight === 'ArrowRight' ? 'ArrowLeft' : 'ArrowRight';
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const step = event.key === 'ArrowDown' ? 1 : -1;
      items[(at + step + items.length) % items.length]?.focus();
    } else if (event.key === 'Home' || event.key === 'End') {
      items[event.key === 'Home' ? 0 : items.length - 1]?.focus();
    } else if (event.key === isRight && items[at]?.dataset['choice'] !== undefined) {
      items[at]!.click();
    } else if (event.key === isLeft && this.choice !== null) {
      this.show(null);
    } else if (event.key === 'Tab') {
      this.close();
      return;
    } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey) {
      this.find(event, items, at);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /* Letters go to the next line that begins with them. */
  private find(event: KeyboardEvent, items: HTMLElement[], at: number): void {
    this.typed = event.timeStamp - this.typedMs < 700 ? this.typed + event.key : event.key;
    this.typedMs = event.timeStamp;
    const word = this.typed.toLocaleLowerCase();
    const from = this.typed.length === 1 ? at + 1 : at;
    const turn = [...items.slice(from), ...items.slice(0, from)];
    turn
      .find((item) => item.textContent!.trim().toLocaleLowerCase().startsWith(word))
      ?.focus();
  }
}

/* A language is called by its own name. */
function nameOf(command: Command): string {
  return command.name ?? message(command.title, command.values);
}

function mirrored(made: SVGElement): SVGElement {
  made.classList.add('is-mirrored');
  return made;
}
