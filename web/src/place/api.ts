/* The questions about the wall as a place that HTTP answers (docs/protocol.md). Nothing was drawn yet is an
 * answer, too: an empty one. */
import type { TileRect } from '../core/geometry.ts';
import type { Box } from './mapframe.ts';
import type { Lively } from './lively.ts';

export interface Named {
  place: string;
  name: string;
  x: string;
  y: string;
  zoom: number;
  artist: number;
  by: string;
  time: number;
}

export interface Found {
  artist: number;
  name: string;
  strokes: number;
  last: { level: number; x: string; y: string; time: number } | null;
}

export interface Present {
  artist: number;
  name: string;
  since: number;
  drawing: boolean;
  place: { level: number; x: string; y: string } | null;
}

export interface People {
  now: number;
  watching: number;
  count: number;
  people: Present[];
}

export interface LivelyNow {
  now: number;
  places: Lively[];
}

export interface Heat extends TileRect {
  counts: number[];
  every?: number; /* counted is every so-manieth stroke, for so many */
}

export interface Overview {
  box: Box | null;
  recent: { level: number; x: string; y: string } | null;
}

export class PlaceApi {
  private readonly root: string;

  /* `isEmpty`: a canvas on which, as far as the connection knows, nothing was drawn yet is not asked about: the
   * server would answer that there is none. */
  constructor(
    canvas: string,
    private readonly isEmpty: () => boolean,
  ) {
    this.root = `/api/canvas/${canvas}`;
  }

  private async ask<T>(path: string, nothing: T, signal?: AbortSignal): Promise<T> {
    if (this.isEmpty()) {
      return nothing;
    }
    const response = await fetch(this.root + path, signal ? { signal } : {});
    if (response.status === 404) {
      return nothing;
    }
    if (!response.ok) {
      throw new Error(`${path}: HTTP ${response.status}`);
    }
    return (await response.json()) as T;
  }

  lively(minutes: number, limit = 16, signal?: AbortSignal): Promise<LivelyNow> {
    const nothing = { now: Date.now(), places: [] };
    return this.ask(`/lively?minutes=${minutes}&limit=${limit}`, nothing, signal);
  }

  people(limit: number, signal?: AbortSignal): Promise<People> {
    const nothing = { now: Date.now(), watching: 0, count: 0, people: [] };
    return this.ask(`/people?limit=${limit}`, nothing, signal);
  }

  heat(
    rect: TileRect,
    about: { from?: number; artist?: number } = {},
    signal?: AbortSignal,
  ): Promise<Heat> {
    const { level, x, y, width, height } = rect;
    const from = about.from === undefined ? '' : `&from=${Math.floor(about.from)}`;
    const artist = about.artist === undefined ? '' : `&artist=${about.artist}`;
    const path = `/heat?level=${level}&x=${x}&y=${y}&width=${width}&height=${height}${from}${artist}`;
    return this.ask(path, { ...rect, counts: new Array<number>(width * height).fill(0) }, signal);
  }

  /* `after`: the seq of a change; no cache has the answer of before under that address. */
  async places(limit = 64, after: string | null = null): Promise<Named[]> {
    const words = after === null ? '' : `&after=${after}`;
    return (await this.ask(`/places?limit=${limit}${words}`, { places: [] as Named[] })).places;
  }

  search(q: string, signal?: AbortSignal): Promise<{ places: Named[]; artists: Found[] }> {
    const nothing = { places: [], artists: [] };
    return this.ask(`/search?q=${encodeURIComponent(q)}&limit=8`, nothing, signal);
  }

  overview(signal?: AbortSignal): Promise<Overview> {
    return this.ask('', { box: null, recent: null }, signal);
  }
}
