/* The plane in the browser: levels, tiles and positions that stay exact at every zoom.
 *
 * Tile coordinates reach 2^47 at level 24 and are exact in a number; pixel coordinates would not
 * be. So a place is always (level, tile, offset in pixels inside that tile), and differences are
 * taken between tiles first. Mirrors include/kolam/geometry.h. */

export const LEVEL_MIN = -24;
export const LEVEL_MAX = 24;
export const TILE_PX = 256;
export const SUB_PER_PX = 8;
export const SUB_PER_TILE = TILE_PX * SUB_PER_PX;

export interface TileId {
  level: number;
  x: number;
  y: number;
}

/* `x`, `y`: pixels of `level` from the corner of the tile, 0 <= x < 256 once normalised. */
export interface Position {
  level: number;
  tileX: number;
  tileY: number;
  x: number;
  y: number;
}

/* A rectangle of tiles of one level. */
export interface TileRect {
  level: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

export function clampLevel(level: number): number {
  return Math.min(LEVEL_MAX, Math.max(LEVEL_MIN, level));
}

/* The lowest and highest tile coordinate of a level: -2^(23+L) and 2^(23+L)-1; -1 and 0 at -24. */
export function tileMin(level: number): number {
  return level === LEVEL_MIN ? -1 : -(2 ** (23 + level));
}
export function tileMax(level: number): number {
  return level === LEVEL_MIN ? 0 : 2 ** (23 + level) - 1;
}

export function isTileValid(tile: TileId): boolean {
  const { level, x, y } = tile;
  if (!Number.isInteger(level) || level < LEVEL_MIN || level > LEVEL_MAX) {
    return false;
  }
  const low = tileMin(level);
  const high = tileMax(level);
  return x >= low && x <= high && y >= low && y <= high;
}

export function tileKey(level: number, x: number, y: number): string {
  return `${level}/${x}/${y}`;
}

/* The tile of the same or a coarser level that contains `tile`. */
export function tileAncestor(tile: TileId, level: number): TileId {
  const scale = 2 ** (tile.level - level);
  return { level, x: Math.floor(tile.x / scale), y: Math.floor(tile.y / scale) };
}

export function isInRect(rect: TileRect, tile: TileId): boolean {
  return (
    tile.level === rect.level &&
    tile.x >= rect.x &&
    tile.x < rect.x + rect.width &&
    tile.y >= rect.y &&
    tile.y < rect.y + rect.height
  );
}

export function isSameRect(a: TileRect | null, b: TileRect | null): boolean {
  return (
    a === b ||
    (a !== null &&
      b !== null &&
      a.level === b.level &&
      a.x === b.x &&
      a.y === b.y &&
      a.width === b.width &&
      a.height === b.height)
  );
}

export function coversRect(outer: TileRect | null, inner: TileRect): boolean {
  return (
    outer !== null &&
    outer.level === inner.level &&
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}

/* Carries offsets outside [0, 256) into the tile. */
export function normalise(place: Position): Position {
  const carryX = Math.floor(place.x / TILE_PX);
  const carryY = Math.floor(place.y / TILE_PX);
  return {
    level: place.level,
    tileX: place.tileX + carryX,
    tileY: place.tileY + carryY,
    x: place.x - carryX * TILE_PX,
    y: place.y - carryY * TILE_PX,
  };
}

/* Moves by pixels of the position's own level. */
export function translate(place: Position, dx: number, dy: number): Position {
  return normalise({ ...place, x: place.x + dx, y: place.y + dy });
}

function finerAxis(tile: number, offset: number, scale: number): [number, number] {
  const scaled = offset * scale;
  const carry = Math.floor(scaled / TILE_PX);
  return [tile * scale + carry, scaled - carry * TILE_PX];
}

function coarserAxis(tile: number, offset: number, scale: number): [number, number] {
  const parent = Math.floor(tile / scale);
  const rest = tile - parent * scale;
  return [parent, (rest * TILE_PX + offset) / scale];
}

/* The same place in pixels of another level. */
export function toLevel(place: Position, level: number): Position {
  const steps = level - place.level;
  if (steps === 0) {
    return place;
  }
  const scale = 2 ** Math.abs(steps);
  const axis = steps > 0 ? finerAxis : coarserAxis;
  const [tileX, x] = axis(place.tileX, place.x, scale);
  const [tileY, y] = axis(place.tileY, place.y, scale);
  return normalise({ level, tileX, tileY, x, y });
}

/* a - b in pixels of b's level. */
export function difference(a: Position, b: Position): { dx: number; dy: number } {
  const same = toLevel(a, b.level);
  return {
    dx: (same.tileX - b.tileX) * TILE_PX + (same.x - b.x),
    dy: (same.tileY - b.tileY) * TILE_PX + (same.y - b.y),
  };
}

/* Holds a place inside the world. At the coarsest level that is half of each of four tiles. */
export function clampToWorld(place: Position): Position {
  if (place.level === LEVEL_MIN) {
    const half = TILE_PX / 2;
    const axis = (tile: number, x: number): number =>
      Math.min(half, Math.max(-half, tile * TILE_PX + x));
    const x = axis(place.tileX, place.x);
    const y = axis(place.tileY, place.y);
    return normalise({ level: place.level, tileX: 0, tileY: 0, x, y });
  }
  const low = tileMin(place.level);
  const high = tileMax(place.level);
  const clamped = { ...place };
  if (place.tileX < low || place.tileX > high) {
    clamped.tileX = place.tileX < low ? low : high;
    clamped.x = place.tileX < low ? 0 : TILE_PX - 1;
  }
  if (place.tileY < low || place.tileY > high) {
    clamped.tileY = place.tileY < low ? low : high;
    clamped.y = place.tileY < low ? 0 : TILE_PX - 1;
  }
  return clamped;
}

/* Whole pixel coordinates as decimal strings (they may pass 2^53), and back. */
export function pixelStrings(place: Position): { x: string; y: string } {
  const axis = (tile: number, offset: number): string =>
    (BigInt(tile) * BigInt(TILE_PX) + BigInt(Math.floor(offset))).toString();
  return { x: axis(place.tileX, place.x), y: axis(place.tileY, place.y) };
}

export function positionFromPixels(level: number, x: string, y: string): Position {
  const axis = (text: string): [number, number] => {
    const value = BigInt(text);
    const tile = value >> 8n;
    return [Number(tile), Number(value - (tile << 8n))];
  };
  const [tileX, offsetX] = axis(x);
  const [tileY, offsetY] = axis(y);
  return clampToWorld({ level, tileX, tileY, x: offsetX, y: offsetY });
}
