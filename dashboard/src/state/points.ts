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
