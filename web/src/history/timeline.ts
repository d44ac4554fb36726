/* Time along the bar. A wall is drawn in bursts with long rests between; on an even scale most of the bar
 * would be empty. So only the bursts have length, and a rest is a narrow gap. Pure. */

export interface Segment {
  fromMs: number;
  toMs: number;
  counts: number[];
}

export interface Timeline {
  segments: Segment[];
}

export interface Span {
  from: number;
  to: number;
}

/* Of the bar's whole length, in bars. */
export const GAP_BARS = 3;
const BURSTS_MAX = 8;
const REST_SHARE = 0.03;

/* The spans that hold all activity; rests shorter than a share of the whole do not count. */
export function burstsOf(counts: readonly number[], span: Span): Span[] {
  const step = (span.to - span.from) / counts.length;
  const restMin = Math.max(2, Math.ceil(counts.length * REST_SHARE));
  const runs: { first: number; last: number }[] = [];
  counts.forEach((count, i) => {
    const run = runs[runs.length - 1];
    if (count === 0) {
      return;
    }
    if (run !== undefined && i - run.last <= restMin) {
      run.last = i;
    } else {
      runs.push({ first: i, last: i });
    }
  });
  while (runs.length > BURSTS_MAX) {
    let nearest = 1;
    for (let i = 2; i < runs.length; i++) {
      const gap = runs[i]!.first - runs[i - 1]!.last;
      nearest = gap < runs[nearest]!.first - runs[nearest - 1]!.last ? i : nearest;
    }
    runs[nearest - 1]!.last = runs[nearest]!.last;
    runs.splice(nearest, 1);
  }
  return runs.map(({ first, last }) => ({
    from: span.from + first * step,
    to: span.from + (last + 1) * step,
  }));
}

/* How many bars each burst gets: half by its length in time, half by what was drawn in it. */
export function shareBars(spans: readonly Span[], sums: readonly number[], bars: number): number[] {
  const time = spans.reduce((sum, span) => sum + span.to - span.from, 0);
  const ink = sums.reduce((sum, each) => sum + each, 0);
  const least = Math.min(16, Math.floor(bars / Math.max(1, spans.length)));
  return spans.map((span, i) => {
    const share = (span.to - span.from) / (2 * time || 1) + sums[i]! / (2 * ink || 1);
    return Math.max(least, Math.round(share * bars));
  });
}

/* Counts of fewer, equally long bars. */
export function gathered(counts: readonly number[], bars: number): number[] {
  const sums = new Array<number>(bars).fill(0);
  counts.forEach((count, i) => {
    sums[Math.min(bars - 1, Math.floor(((i + 0.5) * bars) / counts.length))]! += count;
  });
  return sums;
}

function barsOf(timeline: Timeline): number {
  const { segments } = timeline;
  const bars = segments.reduce((sum, segment) => sum + segment.counts.length, 0);
  return bars + Math.max(0, segments.length - 1) * GAP_BARS;
}

/* Where each segment lies along the bar, 0..1. */
export function layoutOf(timeline: Timeline): { from: number; to: number }[] {
  const whole = barsOf(timeline) || 1;
  let at = 0;
  return timeline.segments.map((segment) => {
    const from = at / whole;
    at += segment.counts.length;
    const to = at / whole;
    at += GAP_BARS;
    return { from, to };
  });
}

export function timeAt(timeline: Timeline, place: number): number {
  const { segments } = timeline;
  const layout = layoutOf(timeline);
  for (let i = 0; i < segments.length; i++) {
    const { from, to } = layout[i]!;
    const { fromMs, toMs } = segments[i]!;
    if (place < from) {
      return segments[i - 1]?.toMs ?? fromMs; /* in the gap: as it was before the next burst */
    }
    if (place <= to) {
      return fromMs + ((place - from) / (to - from)) * (toMs - fromMs);
    }
  }
  return segments[segments.length - 1]?.toMs ?? 0;
}

export function placeAt(timeline: Timeline, timeMs: number): number {
  const { segments } = timeline;
  const layout = layoutOf(timeline);
  let place = segments.length === 0 ? 1 : 0; /* nothing is known yet: now */
  for (let i = 0; i < segments.length; i++) {
    const { from, to } = layout[i]!;
    const { fromMs, toMs } = segments[i]!;
    if (timeMs < fromMs) {
      return i === 0 ? 0 : place;
    }
    place = timeMs >= toMs ? to : from + ((timeMs - fromMs) / (toMs - fromMs)) * (to - from);
  }
  return place;
}

export function endOf(timeline: Timeline): number {
  return timeline.segments[timeline.segments.length - 1]?.toMs ?? 0;
}

export function startOf(timeline: Timeline): number {
  return timeline.segments[0]?.fromMs ?? 0;
}

/* The next bar's time, before or after. */
export function stepBar(timeline: Timeline, timeMs: number, direction: 1 | -1): number {
  const step = 1 / (barsOf(timeline) || 1);
  const place = placeAt(timeline, timeMs) + direction * step;
  return timeAt(timeline, Math.min(1, Math.max(0, place)));
}

/* Where playing is after `passedMs` of the past: rests between bursts, and with `isSqueezing` bars in which
 * nothing was drawn, take no time. */
export function advance(
  timeline: Timeline,
  timeMs: number,
  passedMs: number,
  isSqueezing: boolean,
): number {
  let now = timeMs + passedMs;
  const { segments } = timeline;
  const index = segments.findIndex((segment) => now < segment.toMs);
  if (index < 0) {
    return endOf(timeline);
  }
  const segment = segments[index]!;
  if (now < segment.fromMs) {
    now = segment.fromMs;
  }
  if (isSqueezing) {
    const step = (segment.toMs - segment.fromMs) / segment.counts.length;
    let bar = Math.floor((now - segment.fromMs) / step);
    if (segment.counts[bar] === 0) {
      while (bar < segment.counts.length && segment.counts[bar] === 0) {
        bar++;
      }
      now = segment.fromMs + bar * step;
    }
  }
  return Math.min(now, endOf(timeline));
}
