import type { Alert, AlertCounts, AlertList, AlertSeverity, AlertState } from './model';

const BY_SEVERITY: readonly AlertSeverity[] = ['critical', 'warning', 'info'];
const MARKS = { critical: 'bad', warning: 'warn', info: 'info' } as const;
const WORDS: Readonly<Record<AlertState, string>> = {
  pending: 'pending',
  firing: 'firing',
  keep_firing: 'ending',
  no_data: 'no data',
  error: 'cannot be judged',
  resolved: 'ended',
};

/** Identities of silences and of alerts that hold one back. */
interface Holders {
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
}

/** What marks an alert: what only threatens has the mark of what is late, what is over the mark of what is well. */
export type AlertMark = (typeof MARKS)[AlertSeverity] | 'stale' | 'good';

export function mark({ severity, state }: Alert): AlertMark {
  if (state === 'resolved') return 'good';
  return state === 'pending' ? 'stale' : MARKS[severity];
}

/** Its state for people. */
export function stateWord({ state }: Alert): string {
  return WORDS[state];
}

/** Why nobody is told of it, to be added to its state; empty where somebody is. Who holds it back may not be known. */
export function heldWord({ heldBack, silencedBy = [], inhibitedBy = [] }: Alert & Partial<Holders>): string {
  if (silencedBy.length > 0) return ', silenced';
  if (inhibitedBy.length > 0) return ', held back by another';
  return heldBack ? ', held back' : '';
}

/** When the first of those that fire began; null where none does, or not all of them are known. */
export function firingSince({ rows, total }: AlertList): number | null {
  const firing = rows.filter(({ state }) => state === 'firing').map(({ startedAt }) => startedAt);
  return rows.length < total || firing.length === 0 ? null : Math.min(...firing);
}

/** What wants somebody first: loud before held back, firing before pending, grave before mild, free before taken, new before old. */
export function sortAlerts<Row extends Alert>(alerts: readonly Row[]): readonly Row[] {
  return alerts.toSorted(
    (a, b) =>
      Number(a.heldBack) - Number(b.heldBack) ||
      Number(a.state === 'pending') - Number(b.state === 'pending') ||
      BY_SEVERITY.indexOf(a.severity) - BY_SEVERITY.indexOf(b.severity) ||
      Number(a.acknowledgedBy !== '') - Number(b.acknowledgedBy !== '') ||
      b.startedAt - a.startedAt,
  );
}

/** What goes on first, what only threatens after it, then what has ended; newest first within each. */
export function byStage<Row extends Alert>(alerts: readonly Row[]): readonly Row[] {
  return alerts.toSorted((a, b) => stageOf(a) - stageOf(b) || b.startedAt - a.startedAt);
}

function stageOf({ state }: Alert): number {
  return ['pending', 'resolved'].indexOf(state);
}

/** All alerts in a line, those that ended lately too; empty when there are none. */
export function summary({ firing, critical, pending, resolved }: AlertCounts): string {
  return [
    firing > 0 && `${firing} firing${critical > 0 ? `, ${critical} critical` : ''}`,
    pending > 0 && `${pending} pending`,
    resolved > 0 && `${resolved} ended within 24 hours`,
  ]
    .filter(Boolean)
    .join(' · ');
}
