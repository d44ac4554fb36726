/* Who this client is to the server, and the journal's way there: identify before the first
 * stroke, then submit, and submit again after each loss until all is acknowledged. */
import type { Acked, Entry, Journal } from '../core/journal.ts';
import { encodeSubmit, NACK_UNAVAILABLE, type ServerRecord } from '../core/protocol.ts';
import { Connection, type Json, type Link, type Surroundings, type Welcome } from './connection.ts';

export interface Person {
  artist: number;
  name: string;
}

export interface SessionEvents {
  welcomed?(welcome: Welcome): void;
  linked?(link: Link): void;
  identified?(person: Person): void;
  artists?(list: Person[]): void;
  record?(record: ServerRecord): void;
  acknowledged?(acked: Acked): void;
  /* What the server said, in English, and the kind of refusal (docs/protocol.md). */
  refused?(entry: Entry, said: string, code: number): void;
  refresh?(): void;
  trouble?(said: string, code: unknown): void;
  journalChanged?(): void;
  /* What is not about identity: answers to questions of others. */
  message?(message: Json): void;
}

export interface SessionOptions {
  canvas: string;
  isWatching: boolean;
  around: Surroundings;
  claim(code: string): Promise<boolean>;
  /* Older strokes go first. */
  isHeld?(): boolean;
  /* A moderator's word, if this page has one. */
  admin?(): string | null;
}

const UNACKNOWLEDGED_MAX = 1024;
const RETRY_MS = 1_500;
const IDENTIFY_AGAIN_MS = 4_000;
const CLAIM_TRIES = 3;
const ANSWER_MS_MAX = 20_000;

export class Session {
  person: Person | null = null;
  private pass = '';
  readonly connection: Connection;
  private isIdentifying = false;
  private isKnown = false;
  isWritable = true; /* the server can keep what it is sent */
  private retryTimer: number | null = null;
  private identifyTimer: number | null = null;
  private watchTimer: number | null = null;
  private heard = 0; /* answers to what was sent */

  constructor(
    private readonly options: SessionOptions,
    readonly journal: Journal,
    private readonly events: SessionEvents,
  ) {
    this.connection = new Connection(options.around, {
      hello: () => ({
        type: 'hello',
        protocol: 1,
        canvas: options.canvas,
        nonce: journal.nonce,
        watch: options.isWatching,
        client: 'kolam-web/1',
        ...(options.admin?.() ? { admin: options.admin() } : {}),
      }),
      welcomed: (welcome) => this.welcomed(welcome),
      message: (message) => this.message(message),
      records: (records) => records.forEach((record) => this.record(record)),
      linked: (link) => {
        if (link !== 'open') {
          this.isIdentifying = false;
          this.isKnown = false;
          journal.markUnsent();
        }
        events.linked?.(link);
      },
    });
  }

  /* True while strokes and previews may be sent. */
  get canDraw(): boolean {
    return this.connection.isOpen && this.isKnown && !this.options.isWatching;
  }

  /* For questions over HTTP of which the answer hangs on who asks. */
  get asking(): RequestInit {
    return this.pass === '' ? {} : { headers: { 'X-Kolam-Pass': this.pass } };
  }

  start(): void {
    this.connection.start();
  }

  /* Asks who this is, once, when something is about to be drawn. */
  identify(): void {
    if (this.connection.isOpen && !this.isKnown && !this.isIdentifying) {
      this.isIdentifying = true;
      this.connection.sendJson({ type: 'identify' });
    }
  }

  /* The server could not say who this is (many are new at the moment, or its disk is full): asked again, not at once. */
  private identifyLater(): void {
    if (this.isIdentifying && !this.isKnown) {
      this.identifyTimer ??= this.options.around.later(() => {
        this.identifyTimer = null;
        this.isIdentifying = false;
        this.flush();
      }, IDENTIFY_AGAIN_MS);
    }
  }

  /* Sends what the journal holds. */
  flush(): void {
    if (this.journal.size === 0 || this.options.isWatching) {
      return;
    }
    if (!this.canDraw) {
      this.identify();
      return;
    }
    if (this.options.isHeld?.() === true) {
      return;
    }
    for (const entry of this.journal.sendable(UNACKNOWLEDGED_MAX)) {
      entry.isSent = this.connection.send(encodeSubmit(entry.counter, entry.bodies));
    }
    this.watch();
  }

  /* A connection that takes and never answers is none: the network went without a word. */
  private watch(): void {
    const { connection, options } = this;
    const { opened } = connection;
    const heard = this.heard;
    this.watchTimer ??= options.around.later(() => {
      this.watchTimer = null;
      const isWaiting = this.journal.list().some((entry) => entry.isSent);
      if (isWaiting && heard === this.heard && opened === connection.opened) {
        connection.reconnect();
      } else if (isWaiting) {
        this.watch();
      }
    }, ANSWER_MS_MAX);
  }

  rename(name: string): void {
    this.identify();
    this.connection.sendJson({ type: 'rename', name });
  }

  private welcomed(welcome: Welcome): void {
    this.pass = welcome.pass ?? '';
    this.isWritable = true; /* else it is told next */
    this.person = welcome.you;
    this.isKnown = welcome.you !== null;
    this.events.welcomed?.(welcome);
    if (welcome.you !== null) {
      this.events.identified?.(welcome.you);
    }
    this.flush();
  }

  private message(message: Json): void {
    switch (message.type) {
      case 'identity':
        void this.identityCame(message);
        break;
      case 'artists':
        this.artistsCame(message['list'] as Person[]);
        break;
      case 'writable':
        this.isWritable = message['writable'] !== false;
        this.events.journalChanged?.();
        this.flush();
        break;
      case 'refresh':
        this.events.refresh?.();
        break;
      case 'error':
        if (message['id'] !== undefined) {
          this.events.message?.(message); /* of a question: whoever asked says it */
        } else {
          this.events.trouble?.(String(message['message'] ?? ''), message['code']);
          this.identifyLater();
        }
        break;
      default:
        this.events.message?.(message);
        break; /* goodbye needs no answer: the close follows; others are of later versions */
    }
  }

  private artistsCame(list: Person[]): void {
    const me = list.find((person) => person.artist === this.person?.artist);
    if (me !== undefined) {
      this.person = { artist: me.artist, name: me.name };
      this.events.identified?.(this.person);
    }
    this.events.artists?.(list);
  }

  /* The cookie must be there before the first stroke is: a stroke sent again after a crash is
   * recognised by its artist. */
  private async identityCame(message: Json): Promise<void> {
    const person = { artist: Number(message['artist']), name: String(message['name']) };
    const claim = message['claim'];
    if (typeof claim === 'string' && !(await this.claimed(claim))) {
      this.isIdentifying = false;
      this.connection.reconnect();
      return;
    }
    if (!this.connection.isOpen) {
      return;
    }
    this.person = person;
    this.isIdentifying = false;
    this.isKnown = true;
    this.events.identified?.(person);
    this.flush();
  }

  private async claimed(code: string): Promise<boolean> {
    for (let i = 0; i < CLAIM_TRIES; i++) {
      if (await this.options.claim(code)) {
        return true;
      }
    }
    return false;
  }

  private record(record: ServerRecord): void {
    if (record.type === 'ack') {
      this.heard++;
      const acked = this.journal.acknowledge(record.counter, record.count, record.seq);
      if (acked !== null) {
        this.events.acknowledged?.(acked);
        this.events.journalChanged?.();
      }
      this.flush();
    } else if (record.type === 'nack') {
      this.nacked(record.counter, record.code, record.message);
    } else {
      this.events.record?.(record);
    }
  }

  private nacked(counter: number, code: number, message: string): void {
    this.heard++;
    if (code === NACK_UNAVAILABLE) {
      const entry = this.journal.list().find((candidate) => candidate.counter === counter);
      if (entry !== undefined) {
        entry.isSent = false;
      }
      this.retryTimer ??= this.options.around.later(() => {
        this.retryTimer = null;
        this.flush();
      }, RETRY_MS);
      return;
    }
    const entry = this.journal.reject(counter);
    if (entry !== null) {
      this.events.refused?.(entry, message, code);
      this.events.journalChanged?.();
    }
    this.flush();
  }
}
