import type { SignalPoint } from './model';

export const WINDOW_MS = 5 * 60_000;

/** Points as a chart wants them: one column each, times in seconds, oldest first. */
export interface Columns {
  readonly times: readonly number[];
  readonly requests: readonly number[];
  readonly errors: readonly number[];
  readonly average: readonly (number | null)[];
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
}

/**
 * Adds points to a window, oldest first. A point takes the place of the one of the same time; whatever is
 * older than the window, counted from the newest point, falls out.
 */
export function mergePoints(
  window: readonly SignalPoint[],
  incoming: readonly SignalPoint[],
  windowMs: number = WINDOW_MS,
): readonly SignalPoint[] {
  if (incoming.length === 0) return window;
  const merged = window.slice();
  for (const point of incoming) place(merged, point);
  const oldest = merged[merged.length - 1]!.at - windowMs;
  let first = 0;
  while (merged[first]!.at <= oldest) first += 1;
  return first === 0 ? merged : merged.slice(first);
}

/** Points nearly always belong at the end, so the place is searched from there. */
function place(points: SignalPoint[], point: SignalPoint): void {
  let index = points.length;
  while (index > 0 && points[index - 1]!.at > point.at) index -= 1;
  if (index > 0 && points[index - 1]!.at === point.at) points[index - 1] = point;
  else points.splice(index, 0, point);
}

/** How long after its end a second may still be filling: senders batch. */
const SETTLE_MS = 500;

/** Without the second that still fills: half counted, it would draw a dip at the edge that is none. */
export function finished(points: readonly SignalPoint[], madeAt: number): readonly SignalPoint[] {
  let end = points.length;
  while (end > 0 && points[end - 1]!.at + 1000 + SETTLE_MS > madeAt) end -= 1;
  return end === points.length ? points : points.slice(0, end);
}

export function toColumns(points: readonly SignalPoint[]): Columns {
  return {
    times: points.map((p) => p.at / 1000),
    requests: points.map((p) => p.requests),
    errors: points.map((p) => p.errors),
    average: points.map((p) => p.average),
    p50: points.map((p) => p.p50),
    p95: points.map((p) => p.p95),
    p99: points.map((p) => p.p99),
  };
}
