/** What others do for us, and how well. */
import { pictureOf, type AnsweredSeries, type Picture } from '../explore/picture';
import type { Ends } from '../range';

export interface Latency {
  readonly average: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface Calls {
  readonly calls: number;
  readonly failures: number;
  /** Null where no call told how long it took. */
  readonly latency: Latency | null;
}

/** Calls to something, and when it last did what. */
export interface Outcome extends Calls {
  readonly name: string;
  /** Null where there was none within the range. */
  readonly succeededAt: number | null;
  readonly failedAt: number | null;
}

export interface Integration extends Outcome {
  /** `healthy`, `degraded` or `unhealthy`. */
  readonly status: string;
  /** Failures by kind, most frequent first. */
  readonly errors: readonly { readonly kind: string; readonly count: number }[];
  readonly fromEvents: boolean;
  readonly fromSpans: boolean;
}

export interface CallsPoint extends Calls {
  readonly at: number;
}

export interface IntegrationDetail extends Integration {
  readonly endpoints: readonly Outcome[];
  readonly points: readonly CallsPoint[];
  readonly stepMs: number;
}

/** Calls that failed, in percent; 0 without calls. */
export function failureRate({ calls, failures }: Calls): number {
  return calls > 0 ? (100 * failures) / calls : 0;
}

/** What ails first: the unhealthy, then those that fail most. */
export function byTrouble(integrations: readonly Integration[]): readonly Integration[] {
  const ranks = ['unhealthy', 'degraded', 'healthy'];
  const rank = ({ status }: Integration): number => (ranks.indexOf(status) + ranks.length + 1) % (ranks.length + 1);
  return integrations.toSorted((a, b) => rank(a) - rank(b) || failureRate(b) - failureRate(a) || b.calls - a.calls);
}

/** Calls a minute, and those of them that failed. */
export function callsPicture({ points, stepMs }: IntegrationDetail, within: Ends): Picture {
  const perMinute = 60_000 / Math.max(stepMs, 1);
  return picture(points, stepMs, within, [
    ['calls', ({ calls }) => calls * perMinute],
    ['failed', ({ failures }) => failures * perMinute],
  ]);
}

/** How long calls took; nothing where none told. */
export function latencyPicture({ points, stepMs }: IntegrationDetail, within: Ends): Picture {
  return picture(
    points,
    stepMs,
    within,
    (['p50', 'p95', 'p99'] as const).map((name) => [name, ({ latency }) => latency?.[name] ?? NaN]),
  );
}

function picture(points: readonly CallsPoint[], stepMs: number, [fromMs, toMs]: Ends, lines: readonly (readonly [name: string, read: (point: CallsPoint) => number])[]): Picture {
  const now = lines.map(([name, read]): AnsweredSeries => ({ labels: { figure: name }, values: points.map(read), minimums: [], maximums: [] }));
  return pictureOf({ timesMs: points.map(({ at }) => at), now, earlier: [], stepMs, fromMs, toMs, notices: [] });
}
