/* One WebSocket that comes back: it opens, says hello, and after a loss waits and opens again. The
 * socket, the clock and chance are passed in. */
import { Backoff } from '../core/backoff.ts';
import { decodeFrame, type ServerRecord } from '../core/protocol.ts';

export interface Welcome extends Json {
  seq: number;
  incarnation: string;
  raster: number;
  you: { artist: number; name: string } | null;
  recent: { level: number; x: string; y: string } | null;
  limits?: { unacknowledged?: number };
  role?: string;
  policy?: object;
  draw?: boolean;
  pass?: string;
  ink?: { per_minute: number; left: number } | null;
}

export type Json = Record<string, unknown> & { type: string };

export type Link = 'connecting' | 'open' | 'lost' | 'closed';

export interface Handlers {
  hello(): object;
  welcomed(welcome: Welcome): void;
  message(message: Json): void;
  records(records: ServerRecord[]): void;
  linked(link: Link): void;
}

export interface Surroundings {
  open(): WebSocket;
  random(): number;
  later(run: () => void, ms: number): number;
  cancel(timer: number): void;
}

/* Past this the network is behind: what can be left out is. */
const BUFFERED_BYTES_MAX = 256 * 1024;
const OPENING_MS_MAX = 10_000;

export class Connection {
  private socket: WebSocket | null = null;
  private timer: number | null = null;
  private readonly backoff: Backoff;
  private link: Link = 'closed';
  /* How many times it opened. */
  opened = 0;

  constructor(
    private readonly around: Surroundings,
    private readonly handlers: Handlers,
  ) {
    this.backoff = new Backoff(() => around.random());
  }

  get isOpen(): boolean {
    return this.link === 'open';
  }

  get isBehind(): boolean {
    return this.socket === null || this.socket.bufferedAmount > BUFFERED_BYTES_MAX;
  }

  start(): void {
    this.connect();
  }

  /* For good. */
  close(): void {
    this.clearTimer();
    this.drop();
    this.change('closed');
  }

  /* The network came back, or the page is looked at again: not later but now. */
  retryNow(): void {
    if (this.link === 'lost') {
      this.connect();
    }
  }

  /* Nobody looks: what happens meanwhile is not followed stroke by stroke. */
  rest(): void {
    if (this.link !== 'closed') {
      this.clearTimer();
      this.drop();
      this.change('lost');
    }
  }

  reconnect(): void {
    if (this.link !== 'closed') {
      this.lose();
    }
  }

  sendJson(message: object): boolean {
    return this.send(JSON.stringify(message));
  }

  send(data: string | Uint8Array): boolean {
    if (!this.isOpen || this.socket === null) {
      return false;
    }
    this.socket.send(data as string | Uint8Array<ArrayBuffer>);
    return true;
  }

  private connect(): void {
    this.clearTimer();
    this.drop();
    this.change('connecting');
    let socket: WebSocket;
    try {
      socket = this.around.open();
    } catch {
      this.lose();
      return;
    }
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send(JSON.stringify(this.handlers.hello()));
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.receive(event.data);
    socket.onclose = () => this.lose();
    this.timer = this.around.later(() => this.lose(), OPENING_MS_MAX);
  }

  private receive(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') {
      this.handlers.records(decodeFrame(new Uint8Array(data)));
      return;
    }
    const message = JSON.parse(data) as Json;
    if (message.type === 'welcome') {
      this.clearTimer();
      this.backoff.reset();
      this.opened++;
      this.change('open');
      this.handlers.welcomed(message as unknown as Welcome);
    } else {
      this.handlers.message(message);
    }
  }

  private lose(): void {
    this.clearTimer();
    this.drop();
    this.change('lost');
    this.timer = this.around.later(() => this.connect(), this.backoff.nextMs());
  }

  private drop(): void {
    const socket = this.socket;
    if (socket !== null) {
      this.socket = null;
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }

  private clearTimer(): void {
    if (this.timer !== null) {
      this.around.cancel(this.timer);
      this.timer = null;
    }
  }

  private change(link: Link): void {
    if (this.link !== link) {
      this.link = link;
      this.handlers.linked(link);
    }
  }
}
