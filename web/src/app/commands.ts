/* Everything that can be done, by name. The keys (keys.ts), the command palette and the main menu are made
 * from it, so what one of them can do the others can: a new action is added here and nowhere else. */
import { message, type MessageId, type Values } from '../i18n/i18n.ts';

/* In the order in which they are listed; each has a heading, `group.<name>`. */
export const GROUPS = ['draw', 'edit', 'view', 'places', 'people', 'past', 'page'] as const;
export type Group = (typeof GROUPS)[number];

export interface Command {
  id: string;
  title: MessageId;
  values?: Values; /* of the title */
  group: Group;
  /* Chords (core/chords.ts), the one that is shown first. Of commands with the same key the first that is
   * available takes it. */
  keys?: readonly string[];
  run(): void;
  isAvailable?(): boolean;
  /* For what is on or off, or one of several. */
  isOn?(): boolean;
  /* One of several, of which one is on: the name of what is chosen. A page of its own in the main menu. */
  choice?: MessageId;
  /* Instead of the title, what is called the same in every language, and which language that is. */
  name?: string;
  language?: string;
  /* Has a key but no line in the palette. */
  isUnlisted?: boolean;
}

/* A key that means something while it is held. */
export interface Hold {
  id: string;
  title: MessageId;
  group: Group;
  key: 'space' | 'shift' | 'alt';
  run(isDown: boolean): void;
  isAvailable?(): boolean;
}

/* As it is listed where its choice is not seen: 'Language: Deutsch'. */
export function titleOfCommand(
  { title, values, name, choice }: Command,
  text: typeof message = message,
): string {
  const own = name ?? text(title, values);
  return choice === undefined ? own : text('menu.choiceOf', { choice: text(choice), name: own });
}

export class Commands {
  readonly holds: Hold[] = [];
  /* Who is told of what a key did: eyes see it, ears may not. */
  pressed: (command: Command) => void = () => undefined;
  private readonly all = new Map<string, Command>();
  private readonly byKey = new Map<string, Command[]>();
  private readonly escapes: (() => boolean)[] = [];

  add(...commands: readonly Command[]): void {
    for (const command of commands) {
      if (this.all.has(command.id)) {
        throw new Error(`two commands are called ${command.id}`);
      }
      this.all.set(command.id, command);
      for (const key of command.keys ?? []) {
        this.byKey.set(key, [...(this.byKey.get(key) ?? []), command]);
      }
    }
  }

  addHold(...holds: readonly Hold[]): void {
    this.holds.push(...holds);
  }

  /* Escape goes one step out: the handler added last is asked first; true ends it. */
  addEscape(handler: () => boolean): void {
    this.escapes.unshift(handler);
  }

  escape(): boolean {
    return this.escapes.some((handler) => handler());
  }

  get list(): readonly Command[] {
    return [...this.all.values()];
  }

  get(id: string): Command | undefined {
    return this.all.get(id);
  }

  /* The key to show beside a command's button. */
  keyOf(id: string): string | null {
    return this.all.get(id)?.keys?.[0] ?? null;
  }

  isAvailable(id: string): boolean {
    const command = this.all.get(id);
    return command !== undefined && (command.isAvailable?.() ?? true);
  }

  /* True if it could be run. */
  run(id: string): boolean {
    const isAvailable = this.isAvailable(id);
    if (isAvailable) {
      this.all.get(id)!.run();
    }
    return isAvailable;
  }

  /* What a press means, of the names it may go by. */
  at(chords: readonly string[]): Command | null {
    for (const chord of chords) {
      const found = this.byKey.get(chord)?.find((command) => command.isAvailable?.() ?? true);
      if (found !== undefined) {
        return found;
      }
    }
    return null;
  }
}
