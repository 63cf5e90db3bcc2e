import type { Service } from './model';

/** How bad a state is: worse ones come first in the list. */
export type Severity = 'bad' | 'warn' | 'stale' | 'unknown' | 'good';

const SEVERITY: Readonly<Record<string, Severity>> = {
  healthy: 'good', ok: 'good', up: 'good', running: 'good',
  degraded: 'warn', warning: 'warn',
  unhealthy: 'bad', down: 'bad', error: 'bad', critical: 'bad', failed: 'bad',
  stale: 'stale',
};
const ORDER: readonly Severity[] = ['bad', 'warn', 'stale', 'unknown', 'good'];

/** A service may use a word of its own for its state: what nobody knows is neither good nor bad. */
export function severity(status: string): Severity {
  return SEVERITY[status.toLowerCase()] ?? 'unknown';
}

export type Column = 'state' | 'name' | 'requests' | 'errors' | 'latency' | 'uptime';

export interface Sorting {
  readonly column: Column;
  readonly descending: boolean;
}

type Compare = (a: Service, b: Service) => number;

const COMPARE: Readonly<Record<Column, Compare>> = {
  state: (a, b) => ORDER.indexOf(severity(a.status)) - ORDER.indexOf(severity(b.status)),
  name: (a, b) => a.name.localeCompare(b.name),
  requests: (a, b) => a.requests - b.requests,
  errors: (a, b) => a.errors - b.errors,
  latency: (a, b) => a.latencyMs - b.latencyMs,
  uptime: (a, b) => a.uptimeHours - b.uptimeHours,
};

/** The services in order; those that are equal stand by name, so that rows do not jump about. */
export function sortServices(services: readonly Service[], sorting: Sorting): readonly Service[] {
  const compare = COMPARE[sorting.column];
  const direction = sorting.descending ? -1 : 1;
  return services.toSorted((a, b) => direction * compare(a, b) || COMPARE.name(a, b));
}

/** The order after a column's head is pressed: figures start with the largest, words with the first. */
export function pressed(former: Sorting, column: Column): Sorting {
  if (former.column === column) return { column, descending: !former.descending };
  return { column, descending: column !== 'name' && column !== 'state' };
}

/** How many services stand in each state. */
export function countBySeverity(services: readonly Service[]): ReadonlyMap<Severity, number> {
  const counts = new Map<Severity, number>();
  for (const service of services) {
    const key = severity(service.status);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
