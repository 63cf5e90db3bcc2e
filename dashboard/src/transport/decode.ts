/** From the wire's messages to the page's own values. */
import type { JsonObject } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type * as wire from '@gen/binnacle/dashboard/v1/dashboard_pb';
import type { LiveEvent } from '@gen/binnacle/live/v1/live_pb';
import type { Machine, Picture, Service, SignalPoint, Snapshot, ToldEvent, TrackedEvent } from '../state/model';

/** The overview as it stands. */
export function decodePicture(state: wire.DashboardState): Picture {
  return { snapshot: snapshot(state), points: state.history.map(point), demo: state.demo };
}

/** An event as it was told. */
export function decodeEvent({ event, acceptedTime }: LiveEvent): ToldEvent {
  const { type = '', service = '', userId: user = '', data } = event ?? {};
  const told = { type, service, user, at: milliseconds(event?.time) ?? 0, detail: data ? detail(data) : '' };
  return { ...told, acceptedAt: milliseconds(acceptedTime) ?? 0 };
}

function snapshot(message: wire.DashboardState): Snapshot {
  const overview = message.snapshot?.overview;
  const realtime = message.snapshot?.realtimeStats;
  const inferred = new Set(message.inferredServices);
  return {
    figures: {
      totalRequests: overview?.totalRequests ?? 0,
      activeUsers: overview?.activeUsers ?? 0,
      averageLatencyMs: overview?.averageLatencyMs ?? 0,
      errorRate: overview?.errorRate ?? 0,
      requestsPerSecond: overview?.requestsPerSecond ?? 0,
      connections: realtime?.activeConnections ?? 0,
    },
    services: Object.entries(message.snapshot?.services ?? {}).map(([name, state]) =>
      service(name, state, inferred.has(name)),
    ),
    endpoints: (realtime?.topEndpoints ?? []).map((e) => ({ name: e.endpoint, calls: e.count, latencyMs: e.avgTimeMs })),
    events: (realtime?.recentEvents ?? []).map(event),
    machines: message.machines.map(machine),
    updatedAt: milliseconds(message.snapshot?.updatedAt) ?? 0,
  };
}

function service(name: string, state: wire.ServiceState, inferred: boolean): Service {
  return {
    name,
    inferred,
    status: state.status || 'unknown',
    uptimeHours: state.uptimeHours,
    requests: state.requestCount,
    errors: state.errorCount,
    latencyMs: state.avgLatencyMs,
    heartbeatAt: milliseconds(state.lastHeartbeat),
  };
}

function point(message: wire.SignalPoint): SignalPoint {
  return {
    at: milliseconds(message.time) ?? 0,
    requests: message.requests,
    errors: message.errors,
    average: message.avgLatencyMs ?? null,
    p50: message.p50LatencyMs ?? null,
    p95: message.p95LatencyMs ?? null,
    p99: message.p99LatencyMs ?? null,
  };
}

function event(message: wire.TrackedEvent): TrackedEvent {
  return {
    type: message.type,
    service: message.service,
    user: message.userId,
    at: milliseconds(message.timestamp) ?? 0,
    detail: message.data ? detail(message.data) : '',
  };
}

/**
 * Attributes in one line, in the order of their names: enough to recognise an event by. That an event is made
 * up stands in the page's head already.
 */
export function detail(data: JsonObject): string {
  return Object.entries(data)
    .filter(([key, value]) => !(key === 'demo' && value === true))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' · ');
}

function machine(message: wire.MachineState): Machine {
  return {
    host: message.host,
    cpu: message.cpuPercent,
    memory: message.memoryPercent,
    disk: message.diskPercent,
    received: message.networkReceiveBytesPerSecond,
    sent: message.networkTransmitBytesPerSecond,
    processes: message.processes.map((p) => ({ name: p.name, cpu: p.cpuPercent, memoryBytes: p.memoryBytes })),
    seenAt: milliseconds(message.seenAt) ?? 0,
  };
}

export function milliseconds(time: Timestamp | undefined): number | null {
  return time ? Number(time.seconds) * 1000 + time.nanos / 1e6 : null;
}
