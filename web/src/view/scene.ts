/* What is on the wall, as far as this page knows it: tiles, ops on them, what waits for the
 * server, and what is being drawn. Records from the server and the hand's strokes come in; tiles
 * that look different come out of `paint`. */
import { isBy, markKey, markMeetsTile } from '../core/marks.ts';
import { isInRect, type TileRect } from '../core/geometry.ts';
import type { Op, Stroke } from '../core/op.ts';
import type { ServerRecord } from '../core/protocol.ts';
import type { Mark } from '../core/tilelog.ts';
import { Finished } from './finished.ts';
import type { LiveInk } from './live.ts';
import { Lives } from './lives.ts';
import type { Rect } from '../ink.ts';
import type { Overlay, Painter } from './painter.ts';
import { unite } from './surface.ts';
import { setPicture, TileStore, type Tile } from './tiles.ts';

/* A finished stroke of one's own that is not known to be in the tiles. */
interface Pending {
  mark: Mark;
  seq: number | null; /* once acknowledged */
  isHidden: boolean;
  hideToken: number;
  meets: Map<string, boolean>;
}

/* A tile that looks different, and where. */
export interface Change {
  tile: Tile;
  rect: Rect;
}

type OpRecord = Extract<ServerRecord, { type: 'op' }>;
type ViewRecord = Extract<ServerRecord, { type: 'view' }>;

const GROUPS_MAX = 64;
const PENDING_ACKED_MS = 10_000;
/* Tiles made ready for ink that may never come. */
const PREPARED_MAX = 16;
/* So many ops over a base picture are worth a newer one. */
export const MARKS_MAX = 160;

export class Scene implements Overlay {
  readonly store: TileStore;
  readonly overrides = new Map<number, boolean>();
  /* The newest seq that the server's records told of. */
  lastSeq = 0;
  rect: TileRect | null = null;
  /* Who draws here, once that is known. */
  self: number | null = null;
  /* The stroke under one's own hand. */
  ownKey: string | null = null;
  readonly dirty = new Set<Tile>();
  readonly lives: Lives;
  private readonly overrideTokens = new Map<number, number>();
  private readonly pendings = new Map<string, Pending>();
  private readonly finished: Finished;
  private readonly groups = new Map<string, Mark>();
  /* Brought up to date between frames, and not shown yet. */
  private readonly painted = new Map<Tile, Rect>();
  private readonly prepared = new Set<Tile>();
  private pendingOrder = 0;

  constructor(
    private readonly painter: Painter,
    private readonly later: (run: () => void, ms: number) => void,
  ) {
    this.finished = new Finished(later);
    this.store = new TileStore((tile) => this.released(tile));
    this.lives = new Lives(painter.ink, this);
  }

  /* ---- tiles ---- */

  private released(tile: Tile): void {
    this.dirty.delete(tile);
    this.painted.delete(tile);
    this.prepared.delete(tile);
    this.lives.tileWent(tile);
    tile.surface?.release();
    tile.bitmap?.close();
  }

  private makeTile(level: number, x: number, y: number): Tile {
    const tile = this.store.make(level, x, y);
    this.lives.tileCame(tile);
    this.dirty.add(tile);
    return tile;
  }

  /* The tiles that were asked for; their versions come with the VIEW record. */
  subscribe(rect: TileRect): void {
    this.rect = rect;
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      for (let x = rect.x; x < rect.x + rect.width; x++) {
        const tile = this.store.find(rect.level, x, y) ?? this.makeTile(rect.level, x, y);
        this.store.touch(tile);
      }
    }
  }

  /* The subscription broke: what comes after it may have gaps. */
  suspend(): void {
    this.store.tiles.forEach((tile) => (tile.log.isLive = false));
  }

  /* Another life of the canvas: nothing that is here holds. */
  reset(): void {
    this.store.clear();
    this.overrides.clear();
    this.overrideTokens.clear();
    this.groups.clear();
    this.lastSeq = 0;
    if (this.rect !== null) {
      this.subscribe(this.rect);
    }
  }

  viewCame(record: ViewRecord): void {
    const { rect } = record;
    this.lastSeq = Math.max(this.lastSeq, record.seq);
    record.seqs.forEach((seq, i) => {
      const x = rect.x + (i % rect.width);
      const y = rect.y + Math.floor(i / rect.width);
      const tile = this.store.find(rect.level, x, y) ?? this.makeTile(rect.level, x, y);
      this.compareTile(tile, seq, record.isResumed);
    });
    for (const tile of this.store.tiles.values()) {
      if (tile.log.isLive && !isInRect(rect, tile)) {
        tile.log.isLive = false;
      }
    }
  }

  private compareTile(tile: Tile, seq: number, isResumed: boolean): void {
    const { log } = tile;
    if (!log.hasPicture && seq === 0) {
      setPicture(tile, 0, null);
      this.pictureCame(tile);
    } else {
      const isUnbroken = log.isLive && !isResumed;
      if (isUnbroken ? log.hasMissed(seq) : log.isOutdatedBy(seq)) {
        tile.wantedSeq = Math.max(tile.wantedSeq, seq);
      }
    }
    log.isLive = true;
  }

  tileChanged(level: number, x: number, y: number, seq: number): void {
    const tile = this.store.find(level, x, y);
    if (tile !== undefined && tile.log.isLive && tile.log.isOutdatedBy(seq)) {
      tile.wantedSeq = Math.max(tile.wantedSeq, seq);
      tile.retryAtMs = 0;
    }
  }

  /* A picture of that seq is no step back. */
  mayTake(tile: Tile, seq: number): boolean {
    for (const { seq: own, isHidden } of this.pendings.values()) {
      const isThere = own !== null && own <= seq && own > tile.log.baseSeq;
      if (tile.isReady && isThere && isHidden && this.overrides.get(own) === true) {
        return false;
      }
    }
    return !tile.log.isUndoneBy(seq, this.overrides);
  }

  /* A base picture arrived. */
  pictureCame(tile: Tile): void {
    if (tile.surface !== null) {
      tile.surface.isConfirmedStale = true;
    }
    this.dirty.add(tile);
  }

  /* ---- ops ---- */

  opCame(record: OpRecord, op: Op): void {
    this.lastSeq = Math.max(this.lastSeq, record.seq);
    if (op.kind === 'stroke') {
      this.strokeCame(record, op);
    } else if (op.kind === 'hide' || op.kind === 'show') {
      const { seq } = record;
      this.changeVisibility({ seq, isHidden: op.kind === 'hide', targets: op.targets });
    }
    if (record.replaces > 0) {
      this.changeVisibility({ seq: record.seq, isHidden: true, targets: [record.replaces] });
    }
  }

  private strokeCame(record: OpRecord, stroke: Stroke): void {
    const { artist } = record;
    const drawnAs = markKey(record.nonce, record.counter - stroke.part);
    const key = this.keyOf(artist, drawnAs);
    const known = stroke.part > 0 ? this.groups.get(key) : undefined;
    const mark: Mark = {
      key,
      seq: known?.seq ?? record.seq,
      parts: [...(known?.parts ?? []), stroke],
    };
    if (stroke.parts > 1) {
      this.rememberGroup(mark);
    }
    this.finishLive(drawnAs, mark, artist);
    if (isBy(this.self, artist)) {
      this.finishLive(drawnAs, mark, null);
    }
    if (stroke.part === stroke.parts - 1) {
      this.removePending(key);
      this.finished.confirm(key);
    }
    for (const tile of this.store.tiles.values()) {
      if (markMeetsTile(mark, tile) && tile.log.addMark(mark)) {
        if (tile.surface !== null && tile.surface.confirmedSeq >= mark.seq) {
          tile.surface.isConfirmedStale = true;
        }
        if (tile.log.markCount > MARKS_MAX) {
          tile.wantedSeq = Math.max(tile.wantedSeq, tile.log.currentSeq);
        }
        this.dirty.add(tile);
      }
    }
  }

  /* A stroke is known by its artist, nonce and counter; one's own is known here before it is known who one is. */
  keyOf(artist: number, key: string): string {
    return isBy(this.self, artist) ? key : `${artist}:${key}`;
  }

  /* What was being drawn is a mark from now on. */
  private finishLive(drawnAs: string, { key, parts }: Mark, artist: number | null): void {
    const ink = this.lives.finish(drawnAs, parts, artist);
    if (ink !== null) {
      this.finished.add(key, ink);
    }
  }

  private rememberGroup(mark: Mark): void {
    this.groups.set(mark.key, mark);
    if (this.groups.size > GROUPS_MAX) {
      const [oldest] = this.groups.keys();
      this.groups.delete(oldest!);
    }
  }

  private changeVisibility(change: {
    seq: number;
    isHidden: boolean;
    targets: readonly number[];
  }): void {
    for (const tile of this.store.tiles.values()) {
      if (tile.log.addVisibility(change)) {
        this.redraw(tile);
      }
    }
    for (const pending of this.pendings.values()) {
      if (pending.seq !== null && change.targets.includes(pending.seq)) {
        pending.isHidden = change.isHidden;
        this.settle(pending);
      }
    }
  }

  private redraw(tile: Tile): void {
    if (tile.surface !== null) {
      tile.surface.isConfirmedStale = true;
    }
    this.dirty.add(tile);
  }

  /* ---- one's own strokes, from pen-up to the op ---- */

  addPending(key: string, parts: Stroke[]): void {
    const mark = { key, seq: ++this.pendingOrder, parts };
    this.finishLive(key, mark, null);
    const pending = { mark, seq: null, isHidden: false, hideToken: 0, meets: new Map() };
    this.pendings.set(key, pending);
    this.settle(pending);
  }

  private meets(pending: Pending, tile: Tile): boolean {
    let meets = pending.meets.get(tile.key);
    if (meets === undefined) {
      meets = markMeetsTile(pending.mark, tile);
      pending.meets.set(tile.key, meets);
    }
    return meets;
  }

  private settle(pending: Pending): void {
    for (const tile of this.store.tiles.values()) {
      if (this.meets(pending, tile)) {
        if (tile.surface !== null) {
          tile.surface.isSettledStale = true;
        }
        this.dirty.add(tile);
      }
    }
  }

  /* Durable. It stays on top until the op comes in its place, a moment later, or, where this
   * view does not get the op, until the tiles had time to. */
  pendingAcked(key: string, seq: number): void {
    const pending = this.pendings.get(key);
    if (pending === undefined) {
      return;
    }
    pending.seq = seq;
    if (pending.isHidden) {
      this.override([seq], true, pending.hideToken);
    }
    this.later(() => this.removePending(key), PENDING_ACKED_MS);
  }

  /* Of all strokes of an entry of the journal, an edit's too. */
  entryAcked(nonce: string, { counter, count }: { counter: number; count: number }, seq: number): void {
    for (let i = 0; i < count; i++) {
      this.pendingAcked(markKey(nonce, counter + i), seq + i);
    }
  }

  entryRefused(nonce: string, { counter, count }: { counter: number; count: number }): void {
    for (let i = 0; i < count; i++) {
      this.removePending(markKey(nonce, counter + i));
    }
    this.takeBack(counter);
  }

  removePending(key: string): void {
    const pending = this.pendings.get(key);
    if (pending !== undefined) {
      this.pendings.delete(key);
      this.settle(pending);
    }
  }

  hidePending(key: string, isHidden: boolean, token: number): void {
    const pending = this.pendings.get(key);
    if (pending !== undefined) {
      pending.isHidden = isHidden;
      pending.hideToken = token;
      this.settle(pending);
      if (pending.seq !== null) {
        this.override([pending.seq], isHidden, token);
      }
    }
  }

  /* Hides or shows strokes before the server says so. `token` names the op that will. */
  override(seqs: readonly number[], isHidden: boolean, token: number): void {
    for (const seq of seqs) {
      this.overrides.set(seq, isHidden);
      this.overrideTokens.set(seq, token);
    }
    this.redrawMarks(seqs);
  }

  /* What was hidden in the name of `token` is not hidden after all. */
  takeBack(token: number): void {
    for (const pending of this.pendings.values()) {
      if (pending.isHidden && pending.hideToken === token) {
        pending.isHidden = false;
        this.settle(pending);
      }
    }
    this.endOverride(token);
  }

  /* The op named by `token` is in the tiles. */
  endOverride(token: number): void {
    const ended: number[] = [];
    for (const [seq, held] of this.overrideTokens) {
      if (held === token) {
        this.overrideTokens.delete(seq);
        this.overrides.delete(seq);
        ended.push(seq);
      }
    }
    this.redrawMarks(ended);
  }

  /* One's own strokes that wait for the server, in the order of drawing. */
  ownPendings(): { key: string; seq: number | null; parts: readonly Stroke[] }[] {
    return [...this.pendings]
      .filter(([, pending]) => !pending.isHidden)
      .map(([key, { seq, mark }]) => ({ key, seq, parts: mark.parts }));
  }

  /* `marks` are all visible strokes that touch the tile, as the server told them: the tile is drawn from
   * them from now on. */
  openTile(tile: Tile, marks: readonly Mark[]): void {
    tile.log.open(marks);
    tile.wantedSeq = 0;
    tile.bitmap?.close();
    tile.bitmap = null;
    tile.boosted = null;
    this.redraw(tile);
  }

  /* Is that stroke on a tile in view, as far as is known here? */
  knows(seq: number): boolean {
    const { rect } = this;
    return rect !== null && [...this.store.within(rect)].some((tile) => tile.log.hasMark(seq));
  }

  knownAmong(seqs: readonly number[]): Set<number> {
    const found = new Set<number>();
    const meant = new Set(seqs);
    for (const tile of this.rect === null ? [] : this.store.within(this.rect)) {
      tile.log.findAmong(meant, found);
    }
    return found;
  }

  private redrawMarks(seqs: readonly number[]): void {
    const meant = new Set(seqs);
    for (const tile of this.store.tiles.values()) {
      if (meant.size > 0 && tile.log.hasAnyOf(meant)) {
        this.redraw(tile);
      }
    }
    for (const pending of this.pendings.values()) {
      if (pending.seq !== null && meant.has(pending.seq)) {
        this.settle(pending);
      }
    }
  }

  pendingFor(tile: Tile): Mark[] {
    const marks: Mark[] = [];
    for (const pending of this.pendings.values()) {
      const { seq } = pending;
      const isInPicture = seq !== null && seq <= tile.log.baseSeq;
      const isHidden = (seq === null ? undefined : this.overrides.get(seq)) ?? pending.isHidden;
      if (!isHidden && !isInPicture && this.meets(pending, tile)) {
        marks.push(pending.mark);
      }
    }
    return marks;
  }

  inkOf(mark: Mark): LiveInk | null {
    return this.finished.of(mark);
  }

  livesFor(tile: Tile): LiveInk[] {
    return this.lives.on(tile);
  }

  /* ---- pictures ---- */

  get isDirty(): boolean {
    return this.dirty.size > 0;
  }

  /* Brings changed tiles up to date; those that look different now, and where. Where one's own hand draws all is done at
   * once, what is left of the others after `budgetMs` is done in the next frame. */
  paint(budgetMs = Infinity): Change[] {
    const changed: Change[] = [];
    const untilMs = performance.now() + budgetMs;
    for (const tile of this.dirty) {
      const isOwn = this.lives.touches(this.ownKey, tile);
      if (!isOwn && changed.length > 0 && performance.now() > untilMs) {
        continue;
      }
      this.dirty.delete(tile);
      const rect = unite(this.painter.paint(tile, this), this.painted.get(tile) ?? null);
      if (rect !== null) {
        changed.push({ tile, rect });
      }
    }
    this.painted.clear();
    if (this.dirty.size === 0) {
      this.finished.painted();
    }
    return changed;
  }

  /* Makes the first of the tiles that lacks something ready to be drawn on; false if none does. Those that were made
   * ready and not drawn on are let go, the longest ago first. */
  prepare(tiles: Iterable<Tile>): boolean {
    for (const tile of tiles) {
      if (tile.isReady && tile.surface === null && !this.dirty.has(tile)) {
        this.painter.prepare(tile, this);
        this.prepared.delete(tile);
        this.prepared.add(tile);
        for (const old of this.prepared) {
          if (this.prepared.size > PREPARED_MAX) {
            this.prepared.delete(old);
            this.dirty.add(old);
          }
        }
        return true;
      }
    }
    return false;
  }

  /* What is confirmed of a tile on which ops were drawn here; null if nothing of one's own may be taken
   * for confirmed, or its picture says it all. */
  readConfirmed(tile: Tile): Uint8ClampedArray<ArrayBuffer> | null {
    const isPlain = this.overrides.size === 0 && !this.dirty.has(tile);
    return isPlain ? this.painter.readConfirmed(tile) : null;
  }

  /* The tile stays among the changed ones: it is still to be shown. */
  readPixels(tile: Tile): Uint8ClampedArray<ArrayBuffer> {
    if (this.dirty.has(tile)) {
      const rect = unite(this.painter.paint(tile, this), this.painted.get(tile) ?? null);
      if (rect !== null) {
        this.painted.set(tile, rect);
      }
    }
    return this.painter.readPixels(tile);
  }
}
