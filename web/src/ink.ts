// The ink kernel in the browser: a typed wrapper of build/web/ink.wasm (exports: tiles/ink_wasm.c).
// No DOM: bytes come in, pixels go out, so it runs in node too. Handles are offsets into the
// module's memory, branded so that a mask is not taken for a tile; whoever allocates one frees it.

export type TileHandle = number & { readonly brand: 'tile' }; // 256 x 256 premultiplied ARGB32
export type StrokeHandle = number & { readonly brand: 'stroke' };
export type MaskHandle = number & { readonly brand: 'mask' };

export const TILE_PX = 256;
export const POINTS_MAX = 8192;
export const HOMES_MAX = 256;
export const Tool = { pen: 0, marker: 1, eraser: 2, pencil: 3, airbrush: 4, fill: 5 } as const;
export type Tool = (typeof Tool)[keyof typeof Tool];

/** Tile coordinates of a level; exact integers far below 2^53. */
export interface TileId {
  readonly level: number;
  readonly x: number;
  readonly y: number;
}

/** Half-open, in tile pixels. */
export interface Rect {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** A tile that a stroke is homed at and the pixels of it that are touched (inclusive). */
export interface Home {
  readonly tile: TileId;
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface Pen {
  readonly tool: Tool;
  readonly color: number; // 0xRRGGBBAA, straight alpha
  readonly width: number; // 1/256 px of the stroke's level
}

export interface StrokeInfo extends Pen {
  readonly origin: TileId;
  readonly part: number;
  readonly partCount: number;
  readonly pointCount: number;
}

/** x, y in 1/8 px of the stroke's level from its origin tile's corner; pressure 0..255. */
export interface StrokePoint {
  readonly x: number;
  readonly y: number;
  readonly pressure: number;
  readonly dtMs: number;
}

interface Exports {
  memory: WebAssembly.Memory;
  raster_version(): number;
  scratch(): number;
  tile_alloc(): number;
  tile_free(tile: number): void;
  tile_clear(tile: number): void;
  tile_copy(from: number, to: number, x0: number, y0: number, x1: number, y1: number): void;
  tile_to_rgba(tile: number, x0: number, y0: number, x1: number, y1: number, out: number): void;
  tile_from_rgba(rgba: number, tile: number): void;
  tile_downsample(child: number, quadrant: number, parent: number): void;
  stroke_alloc(): number;
  stroke_free(stroke: number): void;
  stroke_begin(
    stroke: number, level: number, tileX: number, tileY: number, tool: number, color: number,
    width: number,
  ): void;
  stroke_set_part(stroke: number, part: number, partCount: number): void;
  stroke_set_start(stroke: number, startMs: number): void;
  stroke_next_contour(stroke: number): void;
  stroke_set_text(stroke: number, bytes: number, size: number): void;
  stroke_push(stroke: number, x: number, y: number, pressure: number, dtMs: number): number;
  stroke_truncate(stroke: number, count: number): void;
  stroke_decode(stroke: number, bytes: number, size: number): number;
  stroke_encode(stroke: number, bytes: number, capacity: number): number;
  stroke_level(stroke: number): number;
  stroke_tile_x(stroke: number): number;
  stroke_tile_y(stroke: number): number;
  stroke_tool(stroke: number): number;
  stroke_color(stroke: number): number;
  stroke_width(stroke: number): number;
  stroke_part(stroke: number): number;
  stroke_part_count(stroke: number): number;
  stroke_point_count(stroke: number): number;
  stroke_contour_count(stroke: number): number;
  stroke_contours(stroke: number): number;
  stroke_points(stroke: number): number;
  stroke_homes(stroke: number, out: number): number;
  mask_alloc(): number;
  mask_free(mask: number): void;
  mask_add(
    mask: number, stroke: number, firstPoint: number, level: number, tileX: number, tileY: number,
  ): number;
  mask_merge(from: number, to: number, x0: number, y0: number, x1: number, y1: number): void;
  mask_rect(mask: number): number;
  mask_composite(mask: number, tool: number, color: number, under: number, tile: number): void;
  mask_composite_in(
    mask: number, tool: number, color: number, under: number, tile: number,
    x0: number, y0: number, x1: number, y1: number,
  ): void;
  mask_clear(mask: number): void;
}

const SCRATCH_BYTES = 262144;
const TEXT_BYTES_MAX = 4096;
const POINT_BYTES = 16;
const HOME_BYTES = 24;

export class InkError extends Error {}

export class Ink {
  private readonly wasm: Exports;

  private constructor(instance: WebAssembly.Instance) {
    this.wasm = instance.exports as unknown as Exports;
  }

  /** From the module's bytes or a fetch of them, e.g. `Ink.load(fetch('/ink.wasm'))`. */
  static async load(source: BufferSource | Response | Promise<Response>): Promise<Ink> {
    const awaited = await source;
    const bytes =
      awaited instanceof ArrayBuffer || ArrayBuffer.isView(awaited)
        ? awaited
        : await awaited.arrayBuffer();
    const { instance } = await WebAssembly.instantiate(bytes, {});
    return new Ink(instance);
  }

  get rasterVersion(): number {
    return this.wasm.raster_version();
  }

  /** What the kernel holds, for a budget; it never shrinks. */
  get memoryBytes(): number {
    return this.wasm.memory.buffer.byteLength;
  }

  // ---- tiles ----

  allocTile(): TileHandle {
    return this.taken(this.wasm.tile_alloc()) as TileHandle;
  }

  freeTile(tile: TileHandle): void {
    this.wasm.tile_free(tile);
  }

  clearTile(tile: TileHandle): void {
    this.wasm.tile_clear(tile);
  }

  /** Copies a rectangle (all by default) of one tile into the same place of another. */
  copyTile(from: TileHandle, to: TileHandle, rect: Rect = WHOLE): void {
    this.wasm.tile_copy(from, to, rect.x0, rect.y0, rect.x1, rect.y1);
  }

  /** Straight RGBA of a non-empty rectangle, rows packed, for `new ImageData(rgba, width)`. A copy. */
  tileRgba(tile: TileHandle, rect: Rect = WHOLE): Uint8ClampedArray<ArrayBuffer> {
    return this.tileRgbaView(tile, rect).slice();
  }

  /** The same in the module's own memory, valid until the next call of anything here: for a frame's pixels, so that none
   * leaves garbage behind. */
  tileRgbaView(tile: TileHandle, rect: Rect): Uint8ClampedArray<ArrayBuffer> {
    const size = (rect.x1 - rect.x0) * (rect.y1 - rect.y0) * 4;
    const out = this.wasm.scratch();
    this.wasm.tile_to_rgba(tile, rect.x0, rect.y0, rect.x1, rect.y1, out);
    return new Uint8ClampedArray(this.wasm.memory.buffer, out, size);
  }

  /** Fills a tile from 256 x 256 straight RGBA, as getImageData or a decoded PNG gives. */
  setTileRgba(tile: TileHandle, rgba: Uint8Array | Uint8ClampedArray): void {
    if (rgba.length !== SCRATCH_BYTES) {
      throw new InkError(`a tile is ${SCRATCH_BYTES} bytes, not ${rgba.length}`);
    }
    this.scratch().set(rgba);
    this.wasm.tile_from_rgba(this.wasm.scratch(), tile);
  }

  /** The tile's premultiplied pixels in place; valid until the next alloc call. */
  tilePixels(tile: TileHandle): Uint32Array {
    return new Uint32Array(this.wasm.memory.buffer, tile, TILE_PX * TILE_PX);
  }

  /** Halves `child` into quadrant x + 2 * y of `parent`; null leaves it transparent. */
  downsample(child: TileHandle | null, quadrant: number, parent: TileHandle): void {
    this.wasm.tile_downsample(child ?? 0, quadrant, parent);
  }

  // ---- strokes ----

  allocStroke(): StrokeHandle {
    return this.taken(this.wasm.stroke_alloc()) as StrokeHandle;
  }

  freeStroke(stroke: StrokeHandle): void {
    this.wasm.stroke_free(stroke);
  }

  /** Empties the slot and sets what all its points share. */
  beginStroke(stroke: StrokeHandle, origin: TileId, pen: Pen): void {
    this.wasm.stroke_begin(
      stroke, origin.level, origin.x, origin.y, pen.tool, pen.color, pen.width,
    );
  }

  /** Of a group of strokes that are one mark: which this is. The last part carries its end. */
  setPart(stroke: StrokeHandle, part: number, partCount: number): void {
    this.wasm.stroke_set_part(stroke, part, partCount);
  }

  /** Makes the start (Unix ms) and the points' dtMs part of what is encoded. */
  setStart(stroke: StrokeHandle, startMs: number): void {
    this.wasm.stroke_set_start(stroke, startMs);
  }

  /** Of a filled shape: the points pushed from now on are another closed contour. */
  nextContour(stroke: StrokeHandle): void {
    this.wasm.stroke_next_contour(stroke);
  }

  /** Of a filled shape: what its outlines say, for those who cannot see them; at most 4,096 bytes. */
  setText(stroke: StrokeHandle, text: string): void {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > TEXT_BYTES_MAX) {
      throw new InkError(`a text is at most ${TEXT_BYTES_MAX} bytes, not ${bytes.length}`);
    }
    this.scratch().set(bytes);
    this.wasm.stroke_set_text(stroke, this.wasm.scratch(), bytes.length);
  }

  /** The number of points of each contour of a filled shape; empty for what is none. */
  contours(stroke: StrokeHandle): number[] {
    const count = this.wasm.stroke_contour_count(stroke);
    const at = this.wasm.stroke_contours(stroke);
    return count === 0 ? [] : Array.from(new Uint32Array(this.wasm.memory.buffer, at, count));
  }

  /** The new number of points, or 0 if the slot is full (8,192). */
  pushPoint(stroke: StrokeHandle, point: StrokePoint): number {
    return this.wasm.stroke_push(stroke, point.x, point.y, point.pressure, point.dtMs);
  }

  truncateStroke(stroke: StrokeHandle, count: number): void {
    this.wasm.stroke_truncate(stroke, count);
  }

  /** Reads an op body; false if it is not a well-formed stroke. */
  decodeStroke(stroke: StrokeHandle, body: Uint8Array): boolean {
    if (body.length > SCRATCH_BYTES) {
      return false;
    }
    this.scratch().set(body);
    return this.wasm.stroke_decode(stroke, this.wasm.scratch(), body.length) === 0;
  }

  /** The stroke as an op body (a copy), or null if it breaks a bound. */
  encodeStroke(stroke: StrokeHandle): Uint8Array<ArrayBuffer> | null {
    const out = this.wasm.scratch();
    const size = this.wasm.stroke_encode(stroke, out, SCRATCH_BYTES);
    return size > 0 ? new Uint8Array(this.wasm.memory.buffer, out, size).slice() as
      Uint8Array<ArrayBuffer> : null;
  }

  strokeInfo(stroke: StrokeHandle): StrokeInfo {
    const wasm = this.wasm;
    return {
      origin: {
        level: wasm.stroke_level(stroke),
        x: wasm.stroke_tile_x(stroke),
        y: wasm.stroke_tile_y(stroke),
      },
      tool: wasm.stroke_tool(stroke) as Tool,
      color: wasm.stroke_color(stroke) >>> 0,
      width: wasm.stroke_width(stroke),
      part: wasm.stroke_part(stroke),
      partCount: wasm.stroke_part_count(stroke),
      pointCount: wasm.stroke_point_count(stroke),
    };
  }

  strokePoint(stroke: StrokeHandle, index: number): StrokePoint {
    const at = this.wasm.stroke_points(stroke) + index * POINT_BYTES;
    const view = new DataView(this.wasm.memory.buffer, at, POINT_BYTES);
    return {
      x: view.getInt32(0, true),
      y: view.getInt32(4, true),
      dtMs: view.getUint32(8, true),
      pressure: view.getUint8(12),
    };
  }

  /** The tiles the stroke is homed at, or null if they are more than 256 or outside the world. */
  strokeHomes(stroke: StrokeHandle): Home[] | null {
    const out = this.wasm.scratch();
    const count = this.wasm.stroke_homes(stroke, out);
    if (count < 0) {
      return null;
    }
    const view = new DataView(this.wasm.memory.buffer, out, count * HOME_BYTES);
    return Array.from({ length: count }, (_, i) => {
      const at = i * HOME_BYTES;
      return {
        tile: {
          level: view.getInt32(at + 16, true),
          x: view.getFloat64(at, true),
          y: view.getFloat64(at + 8, true),
        },
        x0: view.getUint8(at + 20),
        y0: view.getUint8(at + 21),
        x1: view.getUint8(at + 22),
        y1: view.getUint8(at + 23),
      };
    });
  }

  // ---- masks ----

  allocMask(): MaskHandle {
    return this.taken(this.wasm.mask_alloc()) as MaskHandle;
  }

  freeMask(mask: MaskHandle): void {
    this.wasm.mask_free(mask);
  }

  /** Adds the stroke's points from `firstPoint` on, as `tile` (any level) sees them. A filled shape is drawn whole each
   * time, in place of what the mask held if `firstPoint` is not 0. Where the mask may hold other ink now, or null. */
  addStroke(mask: MaskHandle, stroke: StrokeHandle, firstPoint: number, tile: TileId): Rect | null {
    return this.rectAt(
      this.wasm.mask_add(mask, stroke, firstPoint, tile.level, tile.x, tile.y),
    );
  }

  /** Inside the rectangle, what `from` holds becomes part of `to`, as if its points had been added there. */
  mergeMask(from: MaskHandle, to: MaskHandle, rect: Rect): void {
    this.wasm.mask_merge(from, to, rect.x0, rect.y0, rect.x1, rect.y1);
  }

  /** The pixels that hold ink, or null. */
  maskRect(mask: MaskHandle): Rect | null {
    return this.rectAt(this.wasm.mask_rect(mask));
  }

  private rectAt(at: number): Rect | null {
    const [x0, y0, x1, y1] = new Int32Array(this.wasm.memory.buffer, at, 4) as unknown as
      [number, number, number, number];
    return x0 < x1 && y0 < y1 ? { x0, y0, x1, y1 } : null;
  }

  /** `under` plus the mask's ink into `tile` (may be the same); what was written, or null. */
  composite(mask: MaskHandle, pen: Pick<Pen, 'tool' | 'color'>, under: TileHandle,
    tile: TileHandle): Rect | null {
    this.wasm.mask_composite(mask, pen.tool, pen.color, under, tile);
    return this.maskRect(mask);
  }

  /** The same where it lies inside the rectangle. */
  compositeIn(mask: MaskHandle, pen: Pick<Pen, 'tool' | 'color'>, under: TileHandle,
    tile: TileHandle, { x0, y0, x1, y1 }: Rect): void {
    this.wasm.mask_composite_in(mask, pen.tool, pen.color, under, tile, x0, y0, x1, y1);
  }

  clearMask(mask: MaskHandle): void {
    this.wasm.mask_clear(mask);
  }

  private scratch(): Uint8Array {
    return new Uint8Array(this.wasm.memory.buffer, this.wasm.scratch(), SCRATCH_BYTES);
  }

  private taken(handle: number): number {
    if (handle === 0) {
      throw new InkError('no memory left for drawing');
    }
    return handle;
  }
}

const WHOLE: Rect = { x0: 0, y0: 0, x1: TILE_PX, y1: TILE_PX };
