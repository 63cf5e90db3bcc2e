/** How long data is kept, and how much of it came. */

export interface Retention {
  readonly kind: string;
  /** 0 is for ever. */
  readonly days: number;
  readonly archive: boolean;
  readonly defaultDays: number;
  readonly minDays: number;
  /** 0 where it can be for ever. */
  readonly maxDays: number;
  readonly archivedFiles: number;
  readonly archivedBytes: number;
}

export interface RetentionChange {
  readonly kind: string;
  readonly days?: number;
  readonly archive?: boolean;
}

export interface Usage {
  readonly points: number;
  readonly events: number;
  readonly logLines: number;
  readonly spans: number;
  readonly heartbeats: number;
  readonly requests: number;
  readonly bytes: number;
  readonly refused: number;
  readonly activeSeries: number;
}

export interface UsedDay extends Usage {
  /** Beginning of the day, UTC. */
  readonly at: number;
}

/** What is wanted of a kind, as far as it was touched. */
export interface Wish {
  readonly days: number;
  readonly archive: boolean;
}

/** What each kind is, in words. */
export const KINDS: Readonly<Record<string, string>> = {
  samples: 'Samples, as they came',
  minutes: 'Sums by minute',
  hours: 'Sums by hour',
  days: 'Sums by day',
  events: 'Events',
  logs: 'Log lines',
  spans: 'Spans of traces',
  traffic: 'Requests by second, heartbeats, refusals',
};

/** What of the wishes differs from what holds. */
export function changes(kinds: readonly Retention[], wishes: Readonly<Record<string, Wish>>): readonly RetentionChange[] {
  return kinds.flatMap(({ kind, days, archive }) => {
    const wish = wishes[kind];
    if (!wish || (wish.days === days && wish.archive === archive)) return [];
    return [{ kind, ...(wish.days === days ? {} : { days: wish.days }), ...(wish.archive === archive ? {} : { archive: wish.archive }) }];
  });
}

/** Whether any change lets go of what is kept now. */
export function loses(kinds: readonly Retention[], wanted: readonly RetentionChange[]): boolean {
  return wanted.some(({ kind, days }) => {
    const held = kinds.find((one) => one.kind === kind)?.days ?? 0;
    return days !== undefined && days !== 0 && (held === 0 || days < held);
  });
}

/** What is wrong with so many days; empty for nothing. */
export function problem({ minDays, maxDays }: Retention, days: number): string {
  const bounds = maxDays === 0 ? `at least ${minDays}, or 0 for ever` : `${minDays} to ${maxDays}`;
  if (days === 0 && maxDays === 0) return '';
  return Number.isInteger(days) && days >= minDays && (maxDays === 0 || days <= maxDays) ? '' : bounds;
}

/** What is told of each day, in the order of the columns. */
export const COLUMNS: readonly (readonly [column: keyof Usage, name: string])[] = [
  ['points', 'Points'],
  ['events', 'Events'],
  ['logLines', 'Log lines'],
  ['spans', 'Spans'],
  ['requests', 'Requests'],
  ['activeSeries', 'Series'],
  ['refused', 'Refused'],
];
