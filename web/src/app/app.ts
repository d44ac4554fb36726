/* Everything put together: the wall, the hand, the others, the server, the toolbar. Reads as
 * wiring. */
import { parsePage, parseView } from '../core/address.ts';
import { displayLevel, makeCamera, screenToPosition, type Viewport } from '../core/camera.ts';
import { positionFromPixels, SUB_PER_PX, toLevel, type Position } from '../core/geometry.ts';
import { Journal, type Acked, type Entry } from '../core/journal.ts';
import type { Facts } from '../core/saving.ts';
import { isBy } from '../core/marks.ts';
import { decodeOp } from '../core/op.ts';
import { encodeCursor, SUBPROTOCOL, type ServerRecord } from '../core/protocol.ts';
import type { Gestures } from '../hand/gestures.ts';
import { Hand } from '../hand/hand.ts';
import { message } from '../i18n/i18n.ts';
import { NACK_CODES, serverSaid } from '../i18n/serversaid.ts';
import type { Ink } from '../ink.ts';
import type { Link, Surroundings, Welcome } from '../net/connection.ts';
import { isLite, openLite } from '../lite/open.ts';
import { Session, type Person, type SessionOptions } from '../net/session.ts';
import { makeKeeper } from '../net/storage.ts';
import { Chrome } from '../ui/chrome.ts';
import { Palette } from '../ui/palette.ts';
import { PlaceDoor } from '../place/door.ts';
import { modeOf, searchOf } from '../place/modes.ts';
import { Others } from '../view/others.ts';
import { Seen } from '../view/seen.ts';
import { addActions } from './actions.ts';
import { AsSeen } from './asseen.ts';
import { Commands } from './commands.ts';
import { addBrushActions, brushEvents } from './brush.ts';
import { adminToken, Doors } from './doors.ts';
import { Eyedropper } from './eyedropper.ts';
import { Hands } from './hands.ts';
import { listenGestures } from './input.ts';
import type { Keeping } from './keeping.ts';
import { listenKeys } from './keys.ts';
import { Mine } from './mine.ts';
import { Names } from './names.ts';
import { OrderDoor } from './order.ts';
import { listenPage } from './page.ts';
import { Readying } from './readying.ts';
import { Rescue } from './rescue.ts';
import { saveView } from './save.ts';
import { Shell } from './shell.ts';
import { Standing } from './standing.ts';
import { Studio } from './studio.ts';
import { Wall } from './wall.ts';
import { YouDoor } from './you.ts';
import { askForWorker } from './worker.ts';

const CURSOR_EVERY_MS = 66;

/* `lite`: opens what stands for a socket to those who watch by HTTP alone. */
function surroundings(lite: (() => WebSocket) | null): Surroundings {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return {
    open: lite ?? (() => new WebSocket(`${scheme}//${location.host}/ws`, SUBPROTOCOL)),
    random: Math.random,
    later: (run, ms) => window.setTimeout(run, ms),
    cancel: (timer) => window.clearTimeout(timer),
  };
}

export async function claim(code: string): Promise<boolean> {
  try {
    const response = await fetch(`/claim/${code}`, {
      headers: { 'X-Kolam': '1' },
      credentials: 'same-origin',
    });
    return response.ok;
  } catch {
    return false;
  }
}

export class App {
  private readonly search = searchOf(window);
  readonly page = parsePage(location.pathname, this.search);
  /* What can be done: every part adds its own. */
  readonly commands = new Commands();
  readonly journal: Journal;
  readonly wall: Wall;
  readonly session: Session;
  readonly hand: Hand;
  readonly others: Others;
  readonly rescue: Rescue;
  link: Link = 'connecting';
  readonly mine: Mine;
  readonly doors: Doors;
  readonly shell: Shell;
  readonly place: PlaceDoor;
  readonly you: YouDoor;
  readonly palette: Palette;
  readonly chrome: Chrome;
  readonly eyedropper: Eyedropper;
  readonly studio: Studio;
  readonly names: Names;
  readonly order: OrderDoor;
  readonly hands: Hands;
  readonly gestures: Gestures;
  private readonly readying: Readying;
  private recent: Welcome['recent'] = null;
  private raster: number | null = null;
  private newName: string | null = null;
  readonly standing = new Standing(this);
  isPlaced = false;
  /* Nothing is to move by itself. */
  readonly isStill: () => boolean;
  private cursorSentMs = 0;
  cursor: { x: number; y: number } | null = null;

  constructor(
    canvas: HTMLCanvasElement,
    ink: Ink,
    viewport: Viewport,
    readonly keeping: Keeping,
  ) {
    const { canvas: name, isWatching } = this.page;
    const { store, own } = keeping;
    const lite = isLite(this.search) ? () => openLite(name, ink.rasterVersion) : null;
    const around = surroundings(lite);
    const admin = adminToken;
    const isHeld = (): boolean => this.rescue.isFirst;
    const options: SessionOptions = { canvas: name, isWatching, around, claim, admin, isHeld };
    const keeper = makeKeeper(store, own, () => this.link !== 'open');
    this.journal = new Journal(own.nonce, keeper, Date.now, () => this.changed());
    this.palette = new Palette(keeping.settings, () => {
      this.chrome.brushChanged();
      this.studio.brushChanged();
    });
    const stillness = matchMedia('(prefers-reduced-motion: reduce)');
    this.isStill = () => stillness.matches;
    const wallEvents = {
      framed: (nowMs: number, hasMoved: boolean) => this.framed(nowMs, hasMoved),
      zoomed: (zoom: number) => this.chrome.zoomBar.setZoom(zoom),
    };
    const seen = new Seen(store, name, Date.now, around.later);
    this.wall = new Wall(canvas, ink, name, wallEvents, this.isStill, seen);
    this.session = new Session(options, this.journal, {
      welcomed: (welcome) => this.welcomed(welcome),
      linked: (link) => this.linked(link),
      identified: (person) => this.identified(person),
      artists: (list) => {
        this.names.learn(list);
        this.wall.request();
      },
      record: (record) => this.recordCame(record),
      acknowledged: (acked) => this.acknowledged(acked),
      refused: (entry, said, code) =>
        this.refused(entry, said, NACK_CODES[code]),
      refresh: () => this.wall.refresh(),
      trouble: (said, code) => {
        this.chrome.toast.say(serverSaid(said, code));
        this.doors.troubled(said);
      },
      journalChanged: () => this.changed(),
      message: (json) => {
        this.mine.messageCame(json);
        this.doors.messageCame(json);
        this.place.messageCame(json);
        this.you.messageCame(json);
        this.standing.messageCame(json);
        this.order.messageCame(json);
      },
    });
    this.wall.connection = this.session.connection;
    const { scene } = this.wall;
    this.hand = new Hand(this.journal, this.session, scene, () => this.wall, {
      finished: (counter, count) => this.finished(counter, count),
      drawing: () => this.wall.request(),
      failed: () => this.chrome.toast.say(message('wall.refused')),
    });
    this.others = new Others(scene, own.nonce);
    this.rescue = new Rescue(keeping, options, scene, {
      found: (journal) => this.mine.takeOver(journal),
      acknowledged: (nonce, counter, seq) => this.mine.history.acknowledge(counter, seq, nonce),
      refused: (nonce, counter) => this.mine.history.forget(counter, nonce),
      changed: () => this.rescued(),
    });
    this.names = new Names(
      (artists) => this.session.connection.sendJson({ type: 'who', artists }),
      around.later,
    );
    this.chrome = new Chrome(isWatching, this.palette, () => this.waiting(), {
      undo: () => this.undo(),
      redo: () => this.redo(),
      choose: (tool) => {
        this.eyedropper.stop();
        this.palette.setTool(tool);
      },
      pick: () => this.eyedropper.toggle(),
      ...brushEvents(this, ink),
      save: () => this.save(),
      rename: (newName) => this.rename(newName),
      zoomStep: (direction) => this.zoomStep(direction),
      zoomReset: () => this.zoomReset(),
    });
    const { ring, toolbar } = this.chrome;
    this.eyedropper = new Eyedropper(this.wall, this.palette, ring, (isOn) =>
      toolbar?.setPicking(isOn),
    );
    document.body.append(...this.chrome.roots);
    this.mine = new Mine(this);
    this.doors = new Doors(this, ink);
    this.studio = new Studio(this, ink); /* its keys come before the view's */
    this.hands = new Hands(this);
    this.gestures = listenGestures(this, canvas);
    this.readying = new Readying(this, canvas);
    addActions(this);
    this.commands.addEscape(() => this.studio.escape());
    this.place = new PlaceDoor(this, modeOf(this.search));
    addBrushActions(this);
    this.order = new OrderDoor(this);
    listenKeys(this.commands);
    this.shell = new Shell(this);
    this.you = new YouDoor(this);
    listenPage(this);
    new AsSeen(this);
    this.wall.resize(viewport);
    this.isPlaced = this.wall.begin(); /* a stroke drawn meanwhile elsewhere takes nobody away */
    this.placeFromAddress(location.hash);
    if (!isWatching) {
      void this.rescue.find();
    }
    this.session.start();
    this.doors.addressChanged(location.hash);
  }

  /* ---- the server ---- */

  private welcomed(welcome: Welcome): void {
    if (!isLite(this.search) && this.place.mode !== 'embed') {
      askForWorker(() => this.link === 'open');
    }
    if (this.raster !== null && this.raster !== welcome.raster) {
      this.becameOld();
    }
    this.raster = welcome.raster;
    this.recent = welcome.recent;
    if (!this.isPlaced && welcome.recent !== null) {
      this.beginAtRecent(welcome.recent);
    }
    this.isPlaced = true;
    this.wall.tellAddress();
    this.wall.welcomed(welcome);
    this.place.welcomed(welcome);
    this.standing.welcomed(welcome);
    this.order.messageCame(welcome);
    this.hand.restartPreview();
    if (this.rescue.hasWork) {
      this.session.identify();
    }
  }

  /* The server came back with another ink kernel than this page's. */
  private becameOld(): void {
    if (this.unsaved === 0 && !this.hand.isDrawing) {
      location.reload();
    } else {
      this.chrome.toast.say(message('app.newer'));
    }
  }

  private linked(link: Link): void {
    this.link = link;
    this.place.linked(link === 'open');
    this.studio.active?.linked?.();
    if (link === 'lost') {
      this.others.forget();
      this.wall.request();
    }
    document.body.classList.toggle('is-apart', link !== 'open');
    this.changed();
  }

  /* A page in the background lets go of the server once all is saved. */
  rest(): void {
    if (document.hidden && this.unsaved === 0 && !this.hand.isDrawing) {
      this.session.connection.rest();
    }
  }

  /* Something waits for the server, or does no more. */
  changed(): void {
    this.chrome.saving.update();
  }

  private waiting(): Facts {
    const entries = this.journals.flatMap((journal) => journal.list());
    const strokes = entries.filter((entry) => entry.refs.length + entry.seqs.length === 0).length;
    return {
      isOpen: this.link === 'open',
      isWritable: this.session.isWritable,
      strokes,
      changes: entries.length - strokes,
      unkept: this.unkept,
      trouble: this.keeping.store.trouble,
    };
  }

  /* Journals of other pages were found, or brought to the server. */
  private rescued(): void {
    this.changed();
    if (this.session.canDraw) {
      this.rescue.run();
    }
    this.session.flush();
    this.wall.request();
  }

  private identified(person: Person): void {
    this.wall.scene.self = person.artist;
    this.names.learn([person]);
    if (!this.page.isWatching) {
      this.chrome.nameChip.setName(person.name);
    }
    if (this.newName !== null && this.session.canDraw) {
      this.session.connection.sendJson({ type: 'rename', name: this.newName });
      this.newName = null;
    }
    if (this.session.canDraw) {
      this.rescue.run();
      this.mine.ask();
    }
  }

  private rename(name: string): void {
    this.newName = name;
    if (this.session.canDraw) {
      this.identified(this.session.person!);
    } else {
      this.session.identify();
    }
  }

  private recordCame(record: ServerRecord): void {
    const nowMs = performance.now();
    const { scene } = this.wall;
    switch (record.type) {
      case 'op': {
        const op = decodeOp(record.body);
        scene.opCame(record, op);
        this.others.opCame(record);
        if (this.isOwn(record)) {
          scene.endOverride(record.counter);
        } else {
          this.mine.opCame(op);
        }
        break;
      }
      case 'preview':
        this.others.previewCame(record, nowMs);
        break;
      case 'preview-end':
        this.others.end(record.nonce, record.counter);
        break;
      case 'tile':
        scene.tileChanged(record.level, record.x, record.y, record.seq);
        break;
      case 'cursor':
        this.others.cursorCame(record, nowMs);
        break;
      case 'view':
        if (this.wall.viewAnswered(record.id)) {
          scene.viewCame(record);
        }
        break;
      case 'left':
        this.others.left(record.nonce);
        break;
      default:
        break;
    }
    this.wall.request();
  }

  /* Said by this page, or by one whose journal it took over. */
  private isOwn({ artist, nonce }: { artist: number; nonce: string }): boolean {
    const isKnown = nonce === this.journal.nonce || this.rescue.knows(nonce);
    return isKnown && isBy(this.wall.scene.self, artist);
  }

  private acknowledged({ entry, seq }: Acked): void {
    this.mine.history.acknowledge(entry.counter, seq);
    this.studio.active?.acknowledged?.({ entry, seq });
    this.wall.scene.entryAcked(this.journal.nonce, entry, seq);
    this.wall.request();
  }

  private refused(entry: Entry, said: string, code: string | undefined): void {
    this.wall.scene.entryRefused(this.journal.nonce, entry);
    this.mine.refused(entry.counter, said);
    this.studio.active?.refused?.(entry);
    this.chrome.toast.say(this.standing.said(said) ?? serverSaid(said, code));
    this.wall.request();
  }

  /* ---- the hand ---- */

  private finished(counter: number, count: number): void {
    this.mine.history.add({ counter, count, seq: null });
    this.palette.use();
    this.mine.show();
    this.place.drew();
    this.standing.drew(counter);
    this.changed();
    this.wall.request();
  }

  undo(): void {
    if (!this.studio.active?.undo?.()) {
      this.mine.undo();
      this.studio.active?.undone?.();
    }
  }

  redo(): void {
    this.mine.redo();
    this.studio.active?.undone?.();
  }

  save(): void {
    saveView(this.wall, this.page.canvas).catch((error: Error) =>
      this.chrome.toast.say(error.message),
    );
  }

  /* What is shown is the wall as it is now, and one may change it. */
  get mayDraw(): boolean {
    return !this.page.isWatching && !this.doors.isLooking && this.standing.mayDraw;
  }

  private get journals(): Journal[] {
    return [...this.rescue.journals, this.journal];
  }

  get unsaved(): number {
    return this.journals.reduce((sum, journal) => sum + journal.size, 0);
  }

  /* What would be lost with this page. */
  get unkept(): number {
    return this.journals.reduce((sum, journal) => sum + journal.unkeptCount, 0);
  }

  /* ---- where one is ---- */

  placeFromAddress(hash: string): void {
    const camera = parseView(hash);
    if (camera !== null) {
      this.isPlaced = true;
      this.wall.setCamera(camera);
      this.wall.setTurn(camera.turn);
    }
  }

  private beginAtRecent({ level, x, y }: NonNullable<Welcome['recent']>): void {
    const zoom = level - Math.log2(this.wall.viewport.ratio);
    this.wall.setCamera(makeCamera(positionFromPixels(level, x, y), Number(zoom.toFixed(3))));
  }

  goToRecent(): void {
    void this.place.home(this.recent);
  }

  private middle(): [number, number] {
    const { width, height } = this.wall.viewport;
    return [width / 2, height / 2];
  }

  zoomStep(direction: 1 | -1): void {
    const { zoom } = this.wall.camera;
    const step = direction > 0 ? Math.floor(zoom + 1.01) : Math.ceil(zoom - 1.01);
    this.wall.zoomTo(...this.middle(), step);
  }

  zoomReset(): void {
    this.wall.zoomTo(...this.middle(), 0);
  }

  /* ---- frames and the pen's place ---- */

  private framed(nowMs: number, hasMoved: boolean): void {
    this.doors.framed(nowMs, hasMoved);
    this.place.framed(nowMs, hasMoved);
    this.hands.framed();
    this.standing.framed();
    this.mine.framed(nowMs);
    this.hand.framed();
    this.studio.active?.framed?.();
    this.hand.preview(nowMs);
    this.hand.keepDraft(nowMs);
    const { camera, viewport } = this.wall;
    const nameOf = (artist: number): string => this.names.nameOf(artist);
    const pens = this.doors.pens ?? this.others.pens.values();
    this.chrome.labels.draw(pens, nameOf, camera, viewport, nowMs);
    this.readying.framed(nowMs);
    if (this.hand.isDrawing) {
      this.wall.request();
    } else {
      this.sendCursor(nowMs);
    }
  }

  private sendCursor(nowMs: number): void {
    const { cursor, session } = this;
    if (cursor === null || !session.canDraw || session.connection.isBehind) {
      return;
    }
    if (nowMs - this.cursorSentMs < CURSOR_EVERY_MS) {
      this.wall.request();
      return;
    }
    this.cursor = null;
    this.cursorSentMs = nowMs;
    const { camera, viewport } = this.wall;
    const level = displayLevel(camera.zoom, viewport.ratio);
    const place: Position = toLevel(screenToPosition(camera, viewport, cursor.x, cursor.y), level);
    const sub = (offset: number): number => Math.min(2047, Math.floor(offset * SUB_PER_PX));
    const { tileX, tileY } = place;
    const pen = { level, tileX, tileY, x: sub(place.x), y: sub(place.y) };
    session.connection.send(encodeCursor(pen));
  }
}
