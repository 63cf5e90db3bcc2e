/** Alerts that belong together. Times in milliseconds since 1970. */
import type { AlertSeverity } from '../model';
import type { Ends } from '../range';
import type { Lane, Piece } from './lanes';
import type { Acknowledgement, Step } from './model';

export interface IncidentMember {
  readonly alertId: string;
  readonly ruleId: string;
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly service: string;
  readonly since: number;
  /** Null while it goes on. */
  readonly until: number | null;
}

/** Where an incident may have begun. */
export interface Origin {
  readonly name: string;
  /** How much speaks for it among all that come into question, 0 to 1. */
  readonly share: number;
  readonly why: string;
}

export interface Incident {
  readonly id: string;
  readonly title: string;
  readonly severity: AlertSeverity;
  readonly worst: AlertSeverity;
  readonly state: 'open' | 'acknowledged' | 'resolved';
  readonly startedAt: number;
  /** Null while one of its alerts goes on. */
  readonly endedAt: number | null;
  /** Labels that all of its alerts share. */
  readonly labels: Readonly<Record<string, string>>;
  readonly services: readonly string[];
  /** How many alerts belong to it, and how many of them go on. */
  readonly size: number;
  readonly active: number;
  /** Some of them, those that go on first. */
  readonly members: readonly IncidentMember[];
  readonly heldBack: boolean;
  /** The likeliest first. */
  readonly origins: readonly Origin[];
  readonly acknowledgement: Acknowledgement | null;
  readonly reopened: number;
}

/** What happened to an incident, and to how many of its alerts. */
export interface IncidentStep extends Step {
  readonly count: number;
}

export interface IncidentStory {
  readonly incident: Incident;
  /** Oldest first. */
  readonly steps: readonly IncidentStep[];
}

/** When an incident was resolved, and by whom: by nobody where its alerts ended by themselves. Null while it goes on. */
export function endingOf({ incident, steps }: IncidentStory): Acknowledgement | null {
  if (incident.state !== 'resolved') return null;
  const last = steps.findLast(({ what }) => what === 'resolved');
  return { at: incident.endedAt ?? last?.at ?? incident.startedAt, person: last?.person ?? '', comment: last?.comment ?? '', until: null };
}

/** When it went wrong last: when it began, or when it came back. */
export function wrongSince({ incident, steps }: IncidentStory): number {
  return steps.findLast(({ what }) => what === 'reopened')?.at ?? incident.startedAt;
}

const MARKS = { critical: 'bad', warning: 'warn', info: 'info' } as const;

export function incidentMark({ severity, state }: Incident): (typeof MARKS)[AlertSeverity] | 'good' {
  return state === 'resolved' ? 'good' : MARKS[severity];
}

/**
 * Its alerts within a range as lanes, in the order in which they began: where it started stands on top. What came back
 * after its end goes on in its lane.
 */
export function memberLanes({ members }: Incident, [from, to]: Ends, now: number): readonly Lane[] {
  const lanes: (Lane & { readonly pieces: Piece[] })[] = [];
  const within = members.filter(({ since, until }) => since < to && (until ?? now) > from);
  for (const { alertId, ruleId, name, severity, service, since, until } of within.toSorted((a, b) => a.since - b.since)) {
    const piece: Piece = { from: Math.max(since, from), to: Math.min(until ?? now, to), state: 'firing', severity, alertId };
    const former = lanes.find((lane) => lane.ruleId === ruleId && lane.name === name && lane.group === service && lane.pieces.at(-1)!.to <= piece.from);
    if (former) former.pieces.push(piece);
    else lanes.push({ key: alertId, ruleId, name, group: service, pieces: [piece], deeds: [] });
  }
  return lanes;
}
