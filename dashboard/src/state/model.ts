/** What the page shows, in its own words: plain values, times in milliseconds since 1970. */

export interface KeyFigures {
  /** Requests since the start of the day (UTC). */
  readonly totalRequests: number;
  readonly activeUsers: number;
  /** Over 5 minutes; 0 without traffic. */
  readonly averageLatencyMs: number;
  /** Percent of requests over 5 minutes. */
  readonly errorRate: number;
  /** Over the last minute. */
  readonly requestsPerSecond: number;
  readonly connections: number;
}

export interface Service {
  readonly name: string;
  /** `healthy`, `degraded`, `unhealthy`, `stale`, or the service's own word. */
  readonly status: string;
  /** Whether the state was read from traffic, because it never sent a heartbeat. */
  readonly inferred: boolean;
  /** 0 when untold. */
  readonly uptimeHours: number;
  readonly requests: number;
  readonly errors: number;
  readonly latencyMs: number;
  readonly heartbeatAt: number | null;
}

export interface Endpoint {
  readonly name: string;
  /** Calls within 5 minutes. */
  readonly calls: number;
  readonly latencyMs: number;
}

export interface TrackedEvent {
  readonly type: string;
  readonly service: string;
  readonly user: string;
  readonly at: number;
  /** Its own attributes in one line, `key value` apart by dots; may be empty. */
  readonly detail: string;
}

/** An event told as it happened, and when it was accepted. */
export interface ToldEvent extends TrackedEvent {
  readonly acceptedAt: number;
}

/** Points that were refused at intake, alike in kind, field and reason. */
export interface Refusal {
  /** What was written: samples, events, logs and so on. */
  readonly kind: string;
  /** Empty when it was the whole request. */
  readonly field: string;
  readonly description: string;
  /** Service or name of the series of one of them; may be empty. */
  readonly source: string;
  /** What one of them held; may be empty. */
  readonly sample: string;
  readonly count: number;
  readonly lastAt: number;
}

/** All services together within one second; null = nothing was observed. */
export interface SignalPoint {
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  readonly average: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface SuiteProcess {
  readonly name: string;
  /** Percent of one core. */
  readonly cpu: number;
  readonly memoryBytes: number;
}

export interface Machine {
  readonly host: string;
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
  /** Bytes a second. */
  readonly received: number;
  readonly sent: number;
  readonly processes: readonly SuiteProcess[];
  readonly seenAt: number;
}

/** The overview at one moment, as the streamer made it. */
export interface Snapshot {
  readonly figures: KeyFigures;
  readonly services: readonly Service[];
  readonly endpoints: readonly Endpoint[];
  /** Newest first. */
  readonly events: readonly TrackedEvent[];
  readonly machines: readonly Machine[];
  readonly updatedAt: number;
}

/** All that the page is told of figures. */
export interface Picture {
  readonly snapshot: Snapshot;
  /** The last five minutes, one a second, oldest first. */
  readonly points: readonly SignalPoint[];
  readonly demo: boolean;
}
