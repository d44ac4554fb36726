/* Watching by HTTP alone: stands where the WebSocket would and says what the server would say, from
 * polling the versions of what is in view. A cache can answer nearly all of it, so thousands may look on
 * at little cost; strokes appear when they are done, a second or two later, and nobody's pen is seen. */
import type { TileRect } from '../core/geometry.ts';
import { blocksOf, merge, type Block } from './blocks.ts';
import type { LiteSocket } from './open.ts';

const POLL_MS = 1_000;
const CALM_POLL_MS = 2_000;
const CALM_AFTER = 30; /* polls that found nothing new */
const FAILURES_MAX = 4;
const NOBODY = '0000000000000000';

interface Frames {
  viewFrame: typeof import('./frames.ts').viewFrame;
  tilesFrame: typeof import('./frames.ts').tilesFrame;
}

interface CanvasState {
  seq: number;
  incarnation: string;
  raster: number;
  recent: { level: number; x: string; y: string } | null;
}

interface BlockAnswer {
  incarnation: string;
  raster: number;
  versions: number[];
}

interface View {
  id: number;
  rect: TileRect;
  seqs: number[];
  isTold: boolean;
}

class GoneError extends Error {}

class Lite {
  private view: View | null = null;
  private life = '';
  private timer = 0;
  private idlePolls = 0;
  private failures = 0;
  private isClosed = false;
  private readonly shown = (): void => {
    if (!document.hidden) {
      this.pollSoon(0);
    }
  };

  constructor(
    private readonly socket: LiteSocket,
    private readonly canvas: string,
    private readonly raster: number,
    private readonly frames: Frames,
  ) {
    socket.send = (data) => this.heard(data);
    socket.close = () => this.close();
    document.addEventListener('visibilitychange', this.shown);
    socket.onopen?.();
  }

  /* ---- what the page says ---- */

  private heard(data: string): void {
    const message = JSON.parse(data) as Record<string, unknown>;
    if (message['type'] === 'hello') {
      void this.greet();
    } else if (message['type'] === 'view') {
      const rect: TileRect = {
        level: Number(message['level']),
        x: Number(message['x']),
        y: Number(message['y']),
        width: Number(message['width']),
        height: Number(message['height']),
      };
      const seqs = new Array<number>(rect.width * rect.height).fill(0);
      this.view = { id: Number(message['id']), rect, seqs, isTold: false };
      this.idlePolls = 0;
      this.pollSoon(0);
    } /* Other questions have no answer here, and who watches asks none that matters. */
  }

  private say(data: string | ArrayBuffer): void {
    if (!this.isClosed) {
      this.socket.onmessage?.({ data });
    }
  }

  private async greet(): Promise<void> {
    try {
      const response = await fetch(`/api/canvas/${this.canvas}`);
      if (!response.ok && response.status !== 404) {
        throw new Error(`canvas: HTTP ${response.status}`);
      }
      const state: CanvasState = response.ok
        ? ((await response.json()) as CanvasState)
        : { seq: 0, incarnation: NOBODY, raster: this.raster, recent: null };
      const { seq, incarnation, raster, recent } = state;
      this.life = `${incarnation}-${raster}`;
      this.say(
        JSON.stringify({ type: 'welcome', seq, incarnation, raster, recent, you: null }),
      );
    } catch {
      this.lose();
    }
  }

  /* ---- polling ---- */

  private pollSoon(waitMs: number): void {
    window.clearTimeout(this.timer);
    if (!this.isClosed && !document.hidden) {
      this.timer = window.setTimeout(() => void this.poll(), waitMs);
    }
  }

  private async poll(): Promise<void> {
    const { view } = this;
    if (view === null) {
      return;
    }
    try {
      const answers = await Promise.all(blocksOf(view.rect).map((block) => this.ask(block)));
      this.failures = 0;
      if (view === this.view && !this.isClosed) {
        this.tell(view, answers);
      }
    } catch (error) {
      if (error instanceof GoneError || ++this.failures >= FAILURES_MAX) {
        this.lose();
        return;
      }
    }
    if (view === this.view) {
      const everyMs = this.idlePolls < CALM_AFTER ? POLL_MS : CALM_POLL_MS;
      this.pollSoon(everyMs * (0.9 + Math.random() * 0.2)); /* thousands do not ask in step */
    }
  }

  private async ask(block: Block): Promise<{ block: Block; versions: number[] }> {
    const path = `/api/canvas/${this.canvas}/versions?level=${block.level}&bx=${block.x}&by=${block.y}`;
    /* Not from this browser's cache without asking: that would be one second more. */
    const response = await fetch(path, { cache: 'no-cache' });
    if (response.status === 404) {
      return { block, versions: [] };
    }
    if (!response.ok) {
      throw new Error(`versions: HTTP ${response.status}`);
    }
    const { incarnation, raster, versions } = (await response.json()) as BlockAnswer;
    if (`${incarnation}-${raster}` !== this.life) {
      throw new GoneError('the canvas began another life');
    }
    return { block, versions };
  }

  private tell(view: View, answers: { block: Block; versions: number[] }[]): void {
    const { rect, seqs } = view;
    const risen = answers.flatMap(({ block, versions }) => merge(rect, block, versions, seqs));
    this.idlePolls = risen.length > 0 ? 0 : this.idlePolls + 1;
    if (!view.isTold) {
      view.isTold = true;
      this.say(this.frames.viewFrame(view.id, rect, seqs));
    } else if (risen.length > 0) {
      this.say(
        this.frames.tilesFrame(
          risen.map((at) => ({
            level: rect.level,
            x: rect.x + (at % rect.width),
            y: rect.y + Math.floor(at / rect.width),
            seq: seqs[at]!,
          })),
        ),
      );
    }
  }

  private lose(): void {
    if (!this.isClosed) {
      this.close();
      this.socket.onclose?.();
    }
  }

  private close(): void {
    this.isClosed = true;
    window.clearTimeout(this.timer);
    document.removeEventListener('visibilitychange', this.shown);
  }
}

export function watchLite(
  socket: LiteSocket,
  canvas: string,
  raster: number,
  frames: Frames,
): void {
  new Lite(socket, canvas, raster, frames);
}
