/** A made-up shop for the bench. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type {
  DashboardSnapshotSchema,
  DashboardStateSchema,
  DashboardUpdateSchema,
  MachineStateSchema,
  SignalPointSchema,
  TrackedEventSchema,
} from '@gen/binnacle/dashboard/v1/dashboard_pb';
import type { LiveEventSchema } from '@gen/binnacle/live/v1/live_pb';

type State = MessageInitShape<typeof DashboardStateSchema>;
type Update = MessageInitShape<typeof DashboardUpdateSchema>;
type Point = MessageInitShape<typeof SignalPointSchema>;
type Happening = MessageInitShape<typeof TrackedEventSchema>;

const SERVICES: readonly (readonly [string, string, number, number])[] = [
  ['api-gateway', 'healthy', 412_031, 61],
  ['catalogue', 'healthy', 201_220, 31],
  ['checkout', 'degraded', 48_211, 212],
  ['email-sender', 'healthy', 9_120, 480],
  ['identity', 'healthy', 88_102, 22],
  ['inventory', 'stale', 31_990, 44],
  ['payments', 'unhealthy', 12_402, 1240],
  ['recommendations', 'healthy', 76_500, 95],
  ['search', 'healthy', 131_044, 78],
  ['support-chat', 'rebalancing', 5_310, 130],
];
const ENDPOINTS = ['/products', '/search', '/cart', '/checkout', '/login', '/recommendations', '/orders/{id}', '/payments/authorise'];
const HAPPENINGS: readonly (readonly [string, string, Record<string, string | number>])[] = [
  ['purchase', 'checkout', { total: 84.5, currency: 'EUR', items: 3 }],
  ['feature_used', 'catalogue', { feature: 'wishlist' }],
  ['error', 'payments', { message: 'card processor timed out', status_code: 504 }],
  ['deploy', 'search', { version: '2026.31.2' }],
  ['search', 'search', { query: 'deck shoes', results: 24 }],
  ['credits_used', 'recommendations', { credits: 12 }],
  ['alert', 'payments', { rule: 'error rate', state: 'firing', value: 8.1 }],
];

function machine(now: number): MessageInitShape<typeof MachineStateSchema> {
  const names = ['agent', 'aggregator', 'alerting', 'collector', 'envoy', 'redis', 'streamer'];
  const sizes = [48, 612, 71, 88, 64, 12, 79];
  return {
    host: 'pelorus',
    cpuPercent: 34 + 8 * Math.random(),
    memoryPercent: 61.4,
    diskPercent: 92,
    networkReceiveBytesPerSecond: 1.2e6 * (0.8 + 0.4 * Math.random()),
    networkTransmitBytesPerSecond: 3.4e5 * (0.8 + 0.4 * Math.random()),
    processes: names.map((name, i) => ({ name, cpuPercent: 1 + 4 * Math.random(), memoryBytes: sizes[i]! * 1e6 })),
    seenAt: timestampFromMs(now),
  };
}

function pointAt(at: number): Point {
  const swell = 90 + 25 * Math.sin(at / 40_000) + 12 * Math.random();
  const trouble = Math.max(0, Math.sin(at / 55_000) - 0.6) * 12;
  const base = 48 + 8 * Math.sin(at / 23_000) + 5 * Math.random();
  return {
    time: timestampFromMs(at),
    requests: Math.round(swell),
    errors: Math.round(trouble * Math.random() + (Math.random() > 0.8 ? 1 : 0)),
    avgLatencyMs: base * 1.3,
    p50LatencyMs: base,
    p95LatencyMs: base * 3.1 + trouble * 20 + 20 * Math.random(),
    p99LatencyMs: base * 5 + trouble * 60 + 80 * Math.random(),
  };
}

function happening(at: number): Happening {
  const [type, service, data] = HAPPENINGS[Math.floor(Math.random() * HAPPENINGS.length)]!;
  return { type, service, data, timestamp: timestampFromMs(at), userId: Math.random() > 0.5 ? 'user-4711' : '' };
}

export class Shop {
  private total = 1_284_032;
  private events: Happening[] = Array.from({ length: 20 }, (_, i) => happening(Date.now() - i * 3100));
  private fresh: Happening[] = [];

  state(): State {
    const now = this.second();
    const history = Array.from({ length: 300 }, (_, i) => pointAt(now - (299 - i) * 1000));
    return { snapshot: this.snapshot(now), history, ...this.rest(now), demo: true };
  }

  update(): Update {
    const now = this.second();
    this.total += 90;
    this.fresh = Math.random() > 0.4 ? [happening(Date.now())] : [];
    this.events = [...this.fresh, ...this.events].slice(0, 20);
    return { snapshot: this.snapshot(now), points: [pointAt(now)], ...this.rest(now) };
  }

  newEvents(): MessageInitShape<typeof LiveEventSchema>[] {
    return this.fresh.map(({ type = '', service = '', userId = '', timestamp, data }) => ({
      event: { type, service, userId, ...(timestamp && { time: timestamp }), ...(data && { data }) },
      acceptedTime: timestampFromMs(Date.now() - Math.floor(20 * Math.random())),
    }));
  }

  private second(): number {
    return Math.floor(Date.now() / 1000) * 1000;
  }

  private rest(now: number): Pick<State, 'inferredServices' | 'machines'> {
    return { inferredServices: ['search', 'email-sender'], machines: [machine(now)] };
  }

  private snapshot(now: number): MessageInitShape<typeof DashboardSnapshotSchema> {
    const services = SERVICES.map(([name, status, requests, latency]) => [name, this.service(name, status, requests, latency, now)]);
    return {
      overview: {
        totalRequests: this.total,
        activeUsers: 384 + Math.floor(12 * Math.random()),
        averageLatencyMs: 64.2 + 4 * Math.random(),
        errorRate: 1.4 + Math.random(),
        requestsPerSecond: 92 + 6 * Math.random(),
      },
      services: Object.fromEntries(services),
      realtimeStats: {
        requestsLast1min: 5400,
        errorsLast1min: 71,
        activeConnections: 12,
        topEndpoints: ENDPOINTS.map((endpoint, i) => ({ endpoint, count: 9100 / (i + 1) + 40 * Math.random(), avgTimeMs: 22 + 19 * i })),
        recentEvents: this.events,
      },
      updatedAt: timestampFromMs(now),
    };
  }

  private service(name: string, status: string, requestCount: number, avgLatencyMs: number, now: number): object {
    const inferred = name === 'search' || name === 'email-sender';
    return {
      name,
      status,
      requestCount: requestCount + this.total - 1_284_032,
      errorCount: status === 'unhealthy' ? Math.round(requestCount * 0.09) : Math.round(requestCount * 0.002),
      avgLatencyMs,
      uptimeHours: inferred ? 0 : requestCount / 900,
      ...(inferred ? {} : { lastHeartbeat: timestampFromMs(now - (status === 'stale' ? 190_000 : 4000)) }),
    };
  }
}

export function emptyState(): State {
  const now = Date.now();
  return {
    snapshot: { overview: {}, services: {}, realtimeStats: { activeConnections: 1 }, updatedAt: timestampFromMs(now) },
    history: Array.from({ length: 300 }, (_, i) => ({ time: timestampFromMs(now - (299 - i) * 1000) })),
    machines: [machine(now)],
  };
}

/** What a shop with one careless service was refused. */
export function refused(): object[] {
  const description = 'is new, and 1,000,000 series were written within the last hour (limit active_series); use fewer distinct labels';
  const sample = 'cart_items{session="7f3a", token="***"}';
  return [
    { kind: 'samples', field: 'series.series.name', reason: 'active_series', description, source: 'cart_items', sample, count: 48211, last_time: new Date().toISOString() },
    { kind: 'events', field: 'events.timestamp', reason: 'clock_skew', description: 'must be within 24 hours of now', source: 'search', sample: 'type "search", 2024-01-01T00:00:00.000Z', count: 3, last_time: new Date(Date.now() - 400_000).toISOString() },
  ];
}
