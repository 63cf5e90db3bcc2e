/** Tenants, and what they may take. */

/** 0 is what the installation has for all. */
export interface Limits {
  readonly pointsPerSecond: number;
  readonly eventsPerSecond: number;
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly bodyBytes: number;
  readonly activeSeries: number;
  readonly streams: number;
}

export interface Tenant {
  readonly id: string;
  readonly displayName: string;
  /** Null where it was never created, as the first one. */
  readonly createdAt: number | null;
  readonly changedAt: number | null;
  readonly disabled: boolean;
  /** UTC where it is empty. */
  readonly timeZone: string;
  readonly limits: Limits;
  readonly revision: number;
}

/** What a form says of a tenant. */
export interface TenantChange {
  readonly displayName: string;
  readonly timeZone: string;
  readonly disabled: boolean;
  readonly limits: Limits;
}

/** Limits in the order they are read, with the unit they are told in. */
export const LIMITS: readonly (readonly [limit: keyof Limits, name: string, unit: string])[] = [
  ['pointsPerSecond', 'Points', 'a second'],
  ['eventsPerSecond', 'Events', 'a second'],
  ['requestsPerSecond', 'Requests', 'a second'],
  ['bytesPerSecond', 'Bytes', 'a second'],
  ['bodyBytes', 'Size of a request', 'bytes'],
  ['activeSeries', 'Series', 'written within an hour'],
  ['streams', 'Live connections', 'at a time'],
];

export const NO_LIMITS: Limits = Object.fromEntries(LIMITS.map(([limit]) => [limit, 0])) as unknown as Limits;

/** The tenant that cannot be disabled. */
export const FIRST = 'default';

/** What is limited, in words; empty where all is as for everybody. */
export function limited(limits: Limits, written: (value: number) => string): string {
  return LIMITS.flatMap(([limit, name, unit]) => (limits[limit] > 0 ? [`${written(limits[limit])} ${name.toLowerCase()} ${unit}`] : [])).join(' · ');
}

/** A limit as it was typed: 0 where nothing was; null for what is no limit. */
export function readLimit(typed: string): number | null {
  const text = typed.trim().replaceAll(/[\s,_]/g, '');
  return /^\d{0,15}$/.test(text) ? Number(text) : null;
}
