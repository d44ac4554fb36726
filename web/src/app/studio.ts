/* Tools with which a press on the wall is more than a stroke: text, polygons, selecting. Each is loaded when it
 * is taken for the first time; presses that come before it is there wait for it. */
import { TOOLS, type Use } from '../core/tools.ts';
import type { Acked, Entry } from '../core/journal.ts';
import type { Touch } from '../hand/hand.ts';
import type { Ink } from '../ink.ts';
import type { Item } from '../select/find.ts';
import { message } from '../i18n/i18n.ts';
import type { App } from './app.ts';
import { EarlyWords } from './earlywords.ts';
import { addSelecting } from './selecting.ts';

type Loaded = Exclude<Use, 'draw' | 'hand'>;

export interface StudioTool {
  begin(touch: Touch): void;
  move(touch: Touch): void;
  /* False: it was not meant, as a second finger came. */
  end(isDone: boolean): void;
  hover?(x: number, y: number): void;
  /* Once a frame. */
  framed?(): void;
  /* Another tool is taken, or the page goes. */
  leave(): void;
  /* True if there was something to leave off. */
  escape(): boolean;
  /* It has the hand's counter, or would lose what it is at. */
  readonly isBusy?: boolean;
  /* A colour was chosen. */
  coloured?(rgb: string): void;
  /* True if it was the tool's own to undo. */
  undo?(): boolean;
  /* What was typed before it was there. */
  typed?(words: string): void;
  /* A text of one's own is to be changed. */
  reopen?(item: Item): void;
  /* Something else than the tool changed one's strokes. */
  undone?(): void;
  acknowledged?(acked: Acked): void;
  refused?(entry: Entry): void;
  linked?(): void;
  /* For tests and the curious. */
  readonly report?: object;
}

export class Studio {
  active: StudioTool | null = null;
  private use: Use = 'draw';
  private rgb: string;
  private readonly loading = new Map<Loaded, Promise<StudioTool | null>>();
  private isDown = false;
  private waiting: ((tool: StudioTool) => void)[] = [];
  private hasStyle = false;
  private early: EarlyWords | null = null;

  constructor(
    readonly app: App,
    private readonly ink: Ink,
  ) {
    this.rgb = app.palette.rgb;
    addSelecting(app, this);
    window.addEventListener('pagehide', () => this.active?.leave());
  }

  /* The pointer moves the wall. */
  get isHand(): boolean {
    return this.use === 'hand';
  }

  /* A press is the tool's, however long. */
  get takesPresses(): boolean {
    return this.use !== 'draw' && this.use !== 'hand' && this.app.doors.tool === null;
  }

  /* Nothing else may be drawn now. */
  get isBusy(): boolean {
    return this.active?.isBusy ?? false;
  }

  escape(): boolean {
    return this.active?.escape() ?? false;
  }

  /* Tool, colour or size is another. */
  brushChanged(): void {
    const { rgb, tool } = this.app.palette;
    const { use } = TOOLS[tool];
    if (use !== this.use) {
      this.active?.leave();
      this.active = null;
      this.waiting = [];
      void this.early?.close();
      this.early = null;
      this.use = use;
      document.body.dataset['use'] = use;
      if (use !== 'draw' && use !== 'hand') {
        void this.take(use);
      }
    }
    if (rgb !== this.rgb) {
      this.rgb = rgb;
      this.active?.coloured?.(rgb);
    }
  }

  private async take(use: Loaded): Promise<void> {
    let loading = this.loading.get(use);
    if (loading === undefined) {
      loading = this.load(use).catch(() => {
        this.loading.delete(use);
        this.app.chrome.toast.say(message('studio.notLoaded'));
        return null;
      });
      this.loading.set(use, loading);
    }
    const tool = await loading;
    const words = (await this.early?.close()) ?? '';
    if (this.use === use && tool !== null) {
      this.early = null;
      this.active = tool;
      this.waiting.splice(0).forEach((act) => act(tool));
      tool.typed?.(words);
    }
  }

  /* From the list of one's strokes back into the field. */
  reopen(item: Item): void {
    this.app.palette.setTool('text');
    this.act((tool) => tool.reopen?.(item));
  }

  private async load(use: Loaded): Promise<StudioTool> {
    if (!this.hasStyle) {
      this.hasStyle = true;
      const link = document.createElement('link');
      link.rel = 'stylesheet';
      link.href = '/studio.css';
      document.head.append(link);
      await new Promise((resolve) => (link.onload = link.onerror = resolve));
    }
    switch (use) {
      case 'select':
        return (await import('../select/select.ts')).openSelect(this.app, this.ink);
      case 'text':
        return (await import('../text/text.ts')).openText(this.app);
      case 'polygon':
        return (await import('../text/polygon.ts')).openPolygon(this.app);
    }
  }

  private act(act: (tool: StudioTool) => void): void {
    if (this.active !== null) {
      act(this.active);
    } else {
      this.waiting.push(act);
    }
  }

  /* True if the press is no stroke. */
  begin(touch: Touch): boolean {
    this.isDown = this.takesPresses;
    if (this.isDown) {
      this.act((tool) => tool.begin(touch));
    }
    return this.isDown;
  }

  move(touch: Touch | undefined): boolean {
    if (this.isDown && touch !== undefined) {
      this.act((tool) => tool.move(touch));
    }
    return this.isDown;
  }

  end(isDone: boolean): boolean {
    const wasDown = this.isDown;
    this.isDown = false;
    if (wasDown) {
      this.act((tool) => tool.end(isDone));
    }
    if (wasDown && isDone && this.use === 'text' && this.active === null) {
      this.early ??= new EarlyWords(); /* within the press: a phone shows its keyboard for no later wish */
    }
    return wasDown;
  }
}
