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

/** How endpoints are ranked where it is not by their calls. */
export type EndpointOrder = 'slowest' | 'failing';

/** An endpoint of the last 5 minutes, as it is ranked. */
export interface RankedEndpoint extends Endpoint {
  readonly service: string;
  /** 95 percent of calls took no longer; null where nothing was observed. */
  readonly p95: number | null;
  readonly errors: number;
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

/** Where an alert stands. */
export type AlertState = 'pending' | 'firing' | 'keep_firing' | 'no_data' | 'error' | 'resolved';

export type AlertSeverity = 'critical' | 'warning' | 'info';

/** A rule that is broken, or about to be, by one group of labels. */
export interface Alert {
  readonly id: string;
  /** Name of the rule. */
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly state: AlertState;
  /** May be empty. */
  readonly service: string;
  /** Its other labels in one line, `label value` apart by dots; may be empty. */
  readonly group: string;
  /** In words; may be empty. */
  readonly summary: string;
  /** Address of instructions, or empty. */
  readonly runbook: string;
  readonly startedAt: number;
  /** Seen last, in the unit of the threshold; NaN where there is none. */
  readonly value: number;
  /** 0 for rules without one. */
  readonly threshold: number;
  /** Who is on it; empty when nobody is. */
  readonly acknowledgedBy: string;
  /** Whether a silence or another alert keeps it from people. */
  readonly heldBack: boolean;
}

/** How many alerts there are. */
export interface AlertCounts {
  readonly firing: number;
  /** Those of the firing ones that are critical. */
  readonly critical: number;
  readonly pending: number;
  /** Within 24 hours. */
  readonly resolved: number;
}

/** Alerts that have not ended, and how many there are. */
export interface AlertList {
  readonly rows: readonly Alert[];
  /** With those that there is no row for. */
  readonly total: number;
  readonly counts: AlertCounts;
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

/** Requests a step of each service, oldest first. */
export type ServiceTraffic = ReadonlyMap<string, readonly number[]>;

/** An amount; amounts of different currencies are never added. */
export interface Amount {
  /** Its code, or empty when untold. */
  readonly currency: string;
  readonly amount: number;
}

/** Figures of the business; null for what could not be learnt, or is not known. */
export interface Business {
  /** Revenue by currency, largest first. */
  readonly today: readonly Amount[] | null;
  readonly month: readonly Amount[] | null;
  readonly purchasesToday: number | null;
  /** Within 24 hours. */
  readonly conversions: number | null;
  /** With traffic within 30 minutes. */
  readonly conversations: number | null;
  /** Within 24 hours; rates in percent of what was sent. */
  readonly campaigns: { readonly active: number; readonly openRate: number; readonly clickRate: number } | null;
  readonly agents: { readonly active: number; readonly kinds: readonly { readonly kind: string; readonly active: number }[] } | null;
  /** Requests without error in percent, within 24 hours. */
  readonly successRate: number | null;
  readonly requests: number;
  /** In percent; what is left of the budget in percent of it, below 0 when more was burnt. */
  readonly uptime: { readonly percent: number; readonly target: number; readonly budgetLeft: number } | null;
  /** What could not be learnt, and why. */
  readonly missing: readonly string[];
  /** When it was so; null where nobody told. */
  readonly at: number | null;
}

/** An hour of the last week. */
export interface PeakHour {
  /** 1 Monday to 7 Sunday. */
  readonly weekday: number;
  readonly hour: number;
  /** Null where it is not known. */
  readonly requests: number | null;
  readonly users: number;
}

export interface PeakHours {
  /** All 168, from Monday 0 h on. */
  readonly hours: readonly PeakHour[];
  readonly busiest: PeakHour | null;
}
