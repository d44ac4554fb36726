/* The page around the wall: theme and language, the main menu, the command palette, what screen readers are
 * told, and drawing by the keyboard alone. */
import { Menu as MenuIcon } from 'lucide';
import { message, type MessageId } from '../i18n/i18n.ts';
import { LANGUAGES } from '../i18n/languages.ts';
import type { Panels } from '../shell/shell.ts';
import { button, element } from '../ui/dom.ts';
import { LiveRegion } from '../ui/liveregion.ts';
import { Popover } from '../ui/popover.ts';
import { makeRoving } from '../ui/roving.ts';
import { Theme, THEMES, type ThemeName } from '../ui/theme.ts';
import type { App } from './app.ts';
import { titleOfCommand } from './commands.ts';
import { tellAround } from './around.ts';
import { Crosshair } from './crosshair.ts';

const THEME_TITLES: Record<ThemeName, MessageId> = {
  auto: 'theme.auto',
  light: 'theme.light',
  dark: 'theme.dark',
  contrast: 'theme.contrast',
};

/* The toolbar may have more than one row: what floats over it asks style.css's --tools-height. Where text is large it may
 * reach where the zoom stands, which then makes room. */
function tellSize(bar: HTMLElement): void {
  const { style } = document.documentElement;
  const tell = (): void => {
    style.setProperty('--tools-height', `${bar.offsetHeight}px`);
    const zoom = document.querySelector('.zoom')?.getBoundingClientRect();
    const tools = bar.getBoundingClientRect();
    const isOver = zoom !== undefined && zoom.width > 0 && zoom.left < tools.right && zoom.right > tools.left;
    document.body.classList.toggle('is-crowded', isOver);
  };
  new ResizeObserver(tell).observe(bar);
  window.addEventListener('resize', tell);
}

export class Shell {
  readonly theme: Theme;
  readonly region = new LiveRegion();
  private readonly crosshair: Crosshair;
  private readonly holder = element('div', { class: 'chip-holder menu-holder' });
  private readonly popover: Popover;
  private loading: Promise<Panels | null> | null = null;

  constructor(private readonly app: App) {
    this.theme = new Theme(app.keeping.settings);
    this.crosshair = new Crosshair(app, this.region);
    const trigger = button(message('menu.label'), MenuIcon, null, () => undefined);
    trigger.classList.add('chip', 'menu-button');
    const panel = element('div', { class: 'panel menu-panel' });
    this.popover = new Popover(trigger, panel, () => void this.openMenu(panel), 'menu');
    this.holder.append(trigger, panel);
    app.chrome.corner.append(this.holder);
    document.body.append(this.region.root, this.crosshair.root);
    this.addCommands();
    this.tellKeys();
    tellAround(app, this.region);
    app.chrome.saving.tell = (text) => this.region.say(text);
    if (app.chrome.toolbar !== null) {
      makeRoving(app.chrome.toolbar.root);
      tellSize(app.chrome.toolbar.root);
    }
  }

  /* Which tool a key took, and what it turned on or off; and by the wall itself, what one can do there. */
  private tellKeys(): void {
    const { commands, wall } = this.app;
    commands.pressed = (command) => {
      const isSeen = command.group === 'draw' || command.group === 'view';
      if (isSeen && command.isOn !== undefined && command.id !== 'draw.cursor') {
        const title = titleOfCommand(command);
        this.region.say(command.isOn() ? title : message('command.off', { title }));
      }
    };
    const help = element('p', { class: 'unseen', id: 'wall-help' }, message('wall.help'));
    document.body.append(help);
    wall.canvas.setAttribute('aria-describedby', help.id);
  }

  /* The language that was chosen; null: the browser's. */
  private get wanted(): string | null {
    const kept = this.app.keeping.settings.get('language');
    return LANGUAGES.find(({ code }) => code === kept)?.code ?? null;
  }

  private load(): Promise<Panels | null> {
    const { commands, keeping, chrome } = this.app;
    this.loading ??= import('../shell/shell.ts').then(
      ({ openPanels }) => openPanels(commands, keeping.settings, () => this.popover.close()),
      () => {
        this.loading = null;
        chrome.toast.say(message('shell.notLoaded'));
        return null;
      },
    );
    return this.loading;
  }

  private async openMenu(place: HTMLElement): Promise<void> {
    const panels = await this.load();
    if (panels === null) {
      this.popover.close();
    } else if (!place.hidden) {
      place.replaceChildren(panels.menu.root);
      panels.menu.open();
      this.popover.fitIn();
    }
  }

  private addCommands(): void {
    const { app } = this;
    app.commands.add(
      {
        id: 'page.commands',
        title: 'command.commands',
        group: 'page',
        keys: ['?', 'mod+k'],
        run: () => void this.load().then((panels) => panels?.finder.toggle()),
      },
      {
        id: 'draw.cursor',
        title: 'command.cursor',
        group: 'draw',
        keys: ['c'],
        isAvailable: () => app.mayDraw,
        isOn: () => this.crosshair.isOn,
        run: () => this.crosshair.toggle(),
      },
      {
        id: 'draw.cursorHere',
        title: 'command.cursor',
        group: 'draw',
        keys: ['enter'],
        isUnlisted: true,
        isAvailable: () => app.mayDraw && document.activeElement === app.wall.canvas,
        run: () => this.crosshair.toggle(),
      },
    );
    app.commands.add(
      {
        id: 'page.language.auto',
        title: 'menu.languageAuto',
        choice: 'menu.language',
        group: 'page',
        isOn: () => this.wanted === null,
        run: () => void this.speak(null),
      },
      ...LANGUAGES.map(({ code, name }) => ({
        id: `page.language.${code}`,
        title: 'menu.language' as const,
        choice: 'menu.language' as const,
        group: 'page' as const,
        name,
        language: code,
        isOn: () => this.wanted === code,
        run: () => void this.speak(code),
      })),
      ...THEMES.map((name) => ({
        id: `page.theme.${name}`,
        title: THEME_TITLES[name],
        choice: 'menu.theme' as const,
        group: 'page' as const,
        isOn: () => this.theme.name === name,
        run: () => this.theme.choose(name),
      })),
      {
        id: 'page.about',
        title: 'about.title',
        group: 'page',
        run: () => void this.load().then((panels) => panels?.about.open()),
      },
    );
  }

  /* The page is made anew in the other language: nothing is lost by that, what waits is kept. */
  private async speak(code: string | null): Promise<void> {
    const { hand, keeping } = this.app;
    hand.end();
    keeping.settings.set('language', code);
    await keeping.settings.written();
    location.reload();
  }
}
