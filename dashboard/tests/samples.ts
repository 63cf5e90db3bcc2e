/** Values to test with. */
import type { Alert, Service, SignalPoint, Snapshot, TrackedEvent } from '../src/state/model';

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

export function alert(id: string, rest: Partial<Alert> = {}): Alert {
  const standing = { severity: 'critical', state: 'firing', startedAt: 0, value: 9, threshold: 5 } as const;
  const words = { name: id, service: 'shop', group: '', summary: '', runbook: '', acknowledgedBy: '' };
  return { id, ...words, ...standing, heldBack: false, ...rest };
}
