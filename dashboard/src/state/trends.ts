/** What the small lines under the key figures show. */
import type { KeyFigures, SignalPoint } from './model';
import { WINDOW_MS } from './points';

export type Line = readonly (number | null)[];

/** Figures that no point carries: remembered as they arrive, one entry a snapshot. */
export interface Remembered {
  readonly at: number;
  readonly users: number;
  readonly connections: number;
}

export interface Trends {
  readonly total: Line;
  readonly rate: Line;
  readonly errorRate: Line;
  readonly latency: Line;
  readonly users: Line;
  readonly connections: Line;
}

/** Seconds over which a line is smoothed: what matters at this size is where it goes, not each second. */
const SMOOTH_SECONDS = 10;

export function remember(
  former: readonly Remembered[],
  figures: KeyFigures,
  at: number,
): readonly Remembered[] {
  const kept = former.filter((entry) => entry.at < at && entry.at > at - WINDOW_MS);
  kept.push({ at, users: figures.activeUsers, connections: figures.connections });
  return kept;
}

export function trends(
  points: readonly SignalPoint[],
  remembered: readonly Remembered[],
  figures: KeyFigures,
): Trends {
  const requests = points.map((p) => p.requests);
  const errors = points.map((p) => p.errors);
  const smoothRequests = rolling(requests);
  return {
    total: runningTotal(requests, figures.totalRequests),
    rate: smoothRequests,
    errorRate: rolling(errors).map((e, i) => (smoothRequests[i] ? (100 * e) / smoothRequests[i] : null)),
    latency: weightedLatency(points),
    users: remembered.map((entry) => entry.users),
    connections: remembered.map((entry) => entry.connections),
  };
}

/** The counter of the day as it climbed, reckoned back from where it stands. */
export function runningTotal(requests: readonly number[], total: number): number[] {
  let left = total;
  const backwards = requests.toReversed().map((count) => {
    const here = left;
    left = Math.max(0, left - count);
    return here;
  });
  return backwards.reverse();
}

/** Mean of the last seconds at each place. */
export function rolling(values: readonly number[], span: number = SMOOTH_SECONDS): number[] {
  let sum = 0;
  return values.map((value, index) => {
    sum += value - (index >= span ? values[index - span]! : 0);
    return Math.max(0, sum) / Math.min(index + 1, span);
  });
}

/** Average latency of the last seconds, weighted by requests; null where there was none. */
function weightedLatency(points: readonly SignalPoint[]): Line {
  const weights = rolling(points.map((p) => (p.average === null ? 0 : Math.max(1, p.requests))));
  const sums = rolling(points.map((p) => (p.average ?? 0) * Math.max(1, p.requests)));
  return sums.map((sum, index) => (weights[index]! > 0 ? sum / weights[index]! : null));
}
