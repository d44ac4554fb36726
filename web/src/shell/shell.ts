/* What is opened by hand and loaded then: the command palette, the menu, the credits. */
import type { Commands } from '../app/commands.ts';
import type { Settings } from '../net/settings.ts';
import { loadStyles } from '../ui/styles.ts';
import { About } from './about.ts';
import { Finder } from './finder.ts';
import { Menu } from './menu.ts';

export class Panels {
  readonly finder: Finder;
  readonly menu: Menu;
  readonly about = new About();

  constructor(commands: Commands, settings: Settings, closeMenu: () => void) {
    this.finder = new Finder(commands, settings);
    this.menu = new Menu(commands, closeMenu);
    document.body.append(this.finder.root, this.about.root);
  }
}

export async function openPanels(
  commands: Commands,
  settings: Settings,
  closeMenu: () => void,
): Promise<Panels> {
  await loadStyles('shell');
  return new Panels(commands, settings, closeMenu);
}
