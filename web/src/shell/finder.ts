/* The command palette: all that can be done, with its keys; a few letters find it, in the page's language or in
 * English. A dialog with a combobox and its listbox, as the ARIA patterns describe them. Loaded when it is
 * first opened. */
import {
  GROUPS,
  titleOfCommand,
  type Command,
  type Commands,
  type Group,
  type Hold,
} from '../app/commands.ts';
import { keyCaps } from '../core/chords.ts';
import { ranked } from '../core/fuzzy.ts';
import { englishOf, message } from '../i18n/i18n.ts';
import type { Settings } from '../net/settings.ts';
import { element, isMac } from '../ui/dom.ts';

const RECENT = 'recentCommands';
const RECENT_MAX = 5;

type Row = Command | Hold;

function isCommand(row: Row): row is Command {
  return !('key' in row);
}

function titleText(row: Row): string {
  return isCommand(row) ? titleOfCommand(row) : message(row.title);
}

function textsOf(row: Row): string[] {
  const english = isCommand(row) ? titleOfCommand(row, englishOf) : englishOf(row.title);
  const group = message(`group.${row.group}`);
  return [titleText(row), english, `${group} ${titleText(row)}`, row.id.replace('.', ' ')];
}

function capsOf(row: Row): HTMLElement {
  const caps = element('span', { class: 'finder-keys' });
  const chords = isCommand(row) ? (row.keys ?? []) : [row.key];
  chords.slice(0, 2).forEach((chord) => {
    const keys = keyCaps(chord, isMac).map((cap) => element('kbd', {}, cap));
    caps.append(element('span', { class: 'finder-chord' }, ...keys));
  });
  return caps;
}

export class Finder {
  readonly root = element('dialog', { class: 'finder' });
  private readonly field = element('input', {
    type: 'text',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'finder-list',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    spellcheck: 'false',
    enterkeyhint: 'go',
  });
  private readonly list = element('div', { id: 'finder-list', class: 'finder-list', role: 'listbox' });
  private readonly none = element('p', { class: 'finder-none', role: 'status' });
  private rows: { row: Row; item: HTMLElement }[] = [];
  private at = -1;
  private recent: string[];

  constructor(
    private readonly commands: Commands,
    private readonly settings: Settings,
  ) {
    const kept = settings.get(RECENT);
    this.recent = Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : [];
    const label = message('finder.label');
    this.root.setAttribute('aria-label', label);
    this.list.setAttribute('aria-label', label);
    this.field.setAttribute('aria-label', message('finder.find'));
    this.field.placeholder = message('finder.find');
    this.root.append(
      this.field,
      this.list,
      this.none,
      element('p', { class: 'finder-hint' }, message('finder.hint')),
    );
    this.field.addEventListener('input', () => this.fill());
    this.root.addEventListener('keydown', (event) => this.key(event));
    this.root.addEventListener('click', (event) => this.clicked(event));
    this.list.addEventListener('pointermove', (event) => {
      const index = this.indexOf(event.target as HTMLElement);
      if (index >= 0 && index !== this.at) {
        this.choose(index, false);
      }
    });
  }

  toggle(): void {
    if (this.root.open) {
      this.root.close();
      return;
    }
    this.field.value = '';
    this.fill();
    this.root.showModal();
    this.field.focus();
    this.list.scrollTop = 0;
  }

  /* ---- the list ---- */

  private get all(): Row[] {
    const isHere = (row: Row): boolean => row.isAvailable?.() ?? true;
    const listed = this.commands.list.filter((command) => command.isUnlisted !== true);
    return [...listed, ...this.commands.holds].filter(isHere);
  }

  private fill(): void {
    const query = this.field.value.trim();
    this.rows = [];
    this.list.replaceChildren();
    if (query === '') {
      this.fillGroups();
    } else {
      const found = ranked(query, this.all, textsOf);
      this.list.append(...found.map((row) => this.item(row, true)));
    }
    this.none.textContent = this.rows.length === 0 ? message('finder.none', { query }) : '';
    this.choose(this.rows.findIndex(({ row }) => isCommand(row)), true);
  }

  private fillGroups(): void {
    const { all } = this;
    const used = this.recent
      .map((id) => all.find((row) => row.id === id))
      .filter((row) => row !== undefined);
    this.group('recent', used);
    for (const group of GROUPS) {
      this.group(group, all.filter((row) => row.group === group));
    }
  }

  private group(group: Group | 'recent', rows: readonly Row[]): void {
    if (rows.length > 0) {
      const id = `finder-${group}`;
      const heading = element('div', { class: 'finder-heading', id }, message(`group.${group}`));
      heading.setAttribute('role', 'presentation');
      const items = rows.map((row) => this.item(row, false));
      const box = element('div', { role: 'group', 'aria-labelledby': id }, heading, ...items);
      this.list.append(box);
    }
  }

  private item(row: Row, withGroup: boolean): HTMLElement {
    const item = element('div', { role: 'option', class: 'finder-item', 'aria-selected': 'false' });
    item.id = `finder-${this.rows.length}`;
    item.append(element('span', { class: 'finder-title' }, titleText(row)));
    if (withGroup) {
      item.append(element('span', { class: 'finder-group' }, message(`group.${row.group}`)));
    }
    if (isCommand(row) && row.isOn?.()) {
      item.append(element('span', { class: 'finder-on' }, message('finder.on')));
    }
    item.append(capsOf(row));
    if (!isCommand(row)) {
      item.setAttribute('aria-disabled', 'true');
    }
    this.rows.push({ row, item });
    return item;
  }

  private indexOf(target: HTMLElement): number {
    const item = target.closest('.finder-item');
    return this.rows.findIndex((each) => each.item === item);
  }

  private choose(index: number, isScrolled: boolean): void {
    this.rows[this.at]?.item.setAttribute('aria-selected', 'false');
    this.at = index;
    const item = this.rows[index]?.item;
    item?.setAttribute('aria-selected', 'true');
    if (item === undefined) {
      this.field.removeAttribute('aria-activedescendant');
    } else {
      this.field.setAttribute('aria-activedescendant', item.id);
    }
    if (isScrolled) {
      item?.scrollIntoView({ block: 'nearest' });
    }
  }

  /* ---- choosing ---- */

  private key(event: KeyboardEvent): void {
    const { length } = this.rows;
    const isAgain = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey);
    const page = Math.max(1, Math.floor(this.list.clientHeight / 40) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
    };
    const step = steps[event.key];
    if (event.isComposing) {
      return;
    }
    if (step !== undefined && length > 0) {
      const to = this.at + step;
      const isOne = Math.abs(step) === 1;
      this.choose(isOne ? (to + length) % length : Math.min(length - 1, Math.max(0, to)), true);
    } else if (event.key === 'Enter') {
      this.run(this.at);
    } else if (isAgain) {
      this.root.close();
    } else {
      return;
    }
    event.preventDefault();
  }

  private clicked(event: MouseEvent): void {
    if (event.target === this.root) {
      this.root.close(); /* beside it: the backdrop is the dialog's */
    } else {
      this.run(this.indexOf(event.target as HTMLElement));
    }
  }

  private run(index: number): void {
    const row = this.rows[index]?.row;
    if (row !== undefined && isCommand(row)) {
      this.recent = [row.id, ...this.recent.filter((id) => id !== row.id)].slice(0, RECENT_MAX);
      this.settings.set(RECENT, this.recent);
      this.root.close();
      this.commands.run(row.id);
    }
  }
}
