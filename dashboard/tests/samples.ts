/** Values to test with. */
import type { Service, SignalPoint, Snapshot, TrackedEvent } from '../src/state/model';

export function point(at: number, requests = 1, errors = 0): SignalPoint {
  return { at, requests, errors, average: 10, p50: 9, p95: 20, p99: 30 };
}

export function event(at: number, type = 'purchase'): TrackedEvent {
  return { at, type, service: 'shop', user: '', detail: '' };
}

export function service(name: string, status = 'healthy', requests = 0): Service {
  return { name, status, inferred: false, uptimeHours: 1, requests, errors: 0, latencyMs: 10, heartbeatAt: null };
}

export function snapshot(updatedAt: number, rest: Partial<Snapshot> = {}): Snapshot {
  const figures = {
    totalRequests: 100,
    activeUsers: 3,
    averageLatencyMs: 10,
    errorRate: 0,
    requestsPerSecond: 1,
    connections: 1,
  };
  return { figures, services: [], endpoints: [], events: [], machines: [], updatedAt, ...rest };
}
