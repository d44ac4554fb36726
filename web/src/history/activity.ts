/* What was drawn when in a rectangle, as the strip of time wants it: asked once, and again only for bursts for
 * which the first answer is too coarse. */
import type { Api } from './api.ts';
import type { PixelRect } from './area.ts';
import { burstsOf, gathered, shareBars, type Timeline } from './timeline.ts';

const LOOK_BARS = 1000;

/* Up to the newest op of the wall. */
export async function timelineOf(
  api: Api,
  rect: PixelRect,
  newestMs: number,
  barsWanted: number,
  signal?: AbortSignal,
): Promise<Timeline> {
  const whole = await api.activity(rect, LOOK_BARS, { from: null, to: newestMs + 1 }, signal);
  const span = { from: whole.from, to: Math.max(whole.to, whole.from + 1) };
  const bursts = burstsOf(whole.counts, span);
  const step = (span.to - span.from) / whole.counts.length;
  const placeOf = (timeMs: number): number => Math.round((timeMs - span.from) / step);
  const parts = bursts.map(({ from, to }) => whole.counts.slice(placeOf(from), placeOf(to)));
  const sums = parts.map((counts) => counts.reduce((sum, each) => sum + each, 0));
  const bars = shareBars(bursts, sums, barsWanted);
  const found = await Promise.all(
    bursts.map((burst, i) =>
      parts[i]!.length >= bars[i]!
        ? { ...burst, counts: gathered(parts[i]!, bars[i]!) }
        : api.activity(rect, bars[i]!, burst, signal),
    ),
  );
  if (found.length === 0) {
    found.push({ ...span, counts: new Array<number>(barsWanted).fill(0) });
  }
  return { segments: found.map(({ from, to, counts }) => ({ fromMs: from, toMs: to, counts })) };
}
