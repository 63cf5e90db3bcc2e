/** What Explore shows of requests: counted in events, not sent as a metric. */
import type { Question } from './question';

export interface TrafficFigure {
  readonly name: string;
  readonly unit: string;
}

/** No metric that is sent as JSON begins like this. */
const PREFIX = 'traffic:';

export const TRAFFIC_FIGURES: readonly TrafficFigure[] = [
  { name: 'traffic:requests_per_second', unit: '/s' },
  { name: 'traffic:error_rate', unit: 'percent' },
  { name: 'traffic:errors', unit: '' },
  { name: 'traffic:average_latency_ms', unit: 'ms' },
  { name: 'traffic:p50_latency_ms', unit: 'ms' },
  { name: 'traffic:p95_latency_ms', unit: 'ms' },
  { name: 'traffic:p99_latency_ms', unit: 'ms' },
];
/** What traffic is apart by, or limited to. */
export const TRAFFIC_LABELS = ['service', 'endpoint'] as const;

export function isTraffic(metric: string): boolean {
  return metric.startsWith(PREFIX);
}

/** The one value a question leaves of a label; empty where it leaves all. */
export function onlyValue({ matchers }: Question, label: string): string {
  return matchers.find((matcher) => matcher.label === label && matcher.operator === '=')?.value ?? '';
}
