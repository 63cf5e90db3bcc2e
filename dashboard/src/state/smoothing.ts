import type { SignalPoint } from './model';

/** A percentile of fewer requests than this says more of chance than of the service. */
const ENOUGH_REQUESTS = 200;
const MOST_SECONDS = 10;

/**
 * Points whose percentiles are the mean, weighted by requests, over the last seconds: as few as hold enough
 * requests, ten at most. Where traffic is dense they stay as they came; where nothing was observed, nothing is.
 */
export function steadied(points: readonly SignalPoint[]): readonly SignalPoint[] {
  return points.map((point, index) => {
    if (point.p50 === null || point.requests >= ENOUGH_REQUESTS) return point;
    return { ...point, ...meanBefore(points, index) };
  });
}

function meanBefore(points: readonly SignalPoint[], last: number): Pick<SignalPoint, 'p50' | 'p95' | 'p99'> {
  let [weight, p50, p95, p99] = [0, 0, 0, 0];
  const first = Math.max(0, last - MOST_SECONDS + 1);
  for (let index = last; index >= first && weight < ENOUGH_REQUESTS; index -= 1) {
    const point = points[index]!;
    if (point.p50 === null) continue;
    // Latency may be observed where no requests are counted.
    const share = Math.max(1, point.requests);
    weight += share;
    p50 += share * point.p50;
    p95 += share * (point.p95 ?? point.p50);
    p99 += share * (point.p99 ?? point.p50);
  }
  return { p50: p50 / weight, p95: p95 / weight, p99: p99 / weight };
}
