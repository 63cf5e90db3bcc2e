/** The time a view shows: the last so many seconds, moving on, or a fixed stretch. */

export type Range =
  | { readonly kind: 'last'; readonly seconds: number }
  | { readonly kind: 'fixed'; readonly from: number; readonly to: number };

/** From and to, in milliseconds since 1970. */
export type Ends = readonly [from: number, to: number];

/** Lengths to choose from, by the name they have in the address. */
export const LENGTHS: readonly (readonly [name: string, seconds: number])[] = [
  ['5m', 300],
  ['15m', 900],
  ['1h', 3_600],
  ['6h', 21_600],
  ['24h', 86_400],
  ['7d', 604_800],
  ['30d', 2_592_000],
];

const UNITS: readonly (readonly [unit: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
];
/** Of lengths, in seconds. */
const [SHORTEST, LONGEST] = [10, 31 * 86_400];
/** Shorter than this nothing is zoomed into. */
const SHORTEST_MS = 1_000;

export function last(seconds: number): Range {
  return { kind: 'last', seconds };
}

/** A fixed stretch, in milliseconds since 1970, whole and at least a second long. */
export function fixed(from: number, to: number): Range {
  const start = Math.floor(from);
  return { kind: 'fixed', from: start, to: Math.max(Math.ceil(to), start + SHORTEST_MS) };
}

/** What an address says: `last=1h`, or `from` and `to` as times; `otherwise` where it says nothing that makes sense. */
export function readRange<Otherwise extends Range | null>(params: URLSearchParams, otherwise: Otherwise): Range | Otherwise {
  const [from, to] = [Date.parse(params.get('from') ?? ''), Date.parse(params.get('to') ?? '')];
  if (from < to) return fixed(from, to);
  const seconds = lengthOf(params.get('last') ?? '');
  return seconds === null ? otherwise : last(seconds);
}

export function writeRange(range: Range, params: URLSearchParams): void {
  if (range.kind === 'fixed') {
    params.set('from', new Date(range.from).toISOString());
    params.set('to', new Date(range.to).toISOString());
  } else {
    params.set('last', nameOf(range.seconds));
  }
}

export function ends(range: Range, now: number): Ends {
  return range.kind === 'fixed' ? [range.from, range.to] : [now - range.seconds * 1000, now];
}

/** Ends of a range that go no further than now, unless all of it is to come. */
export function withinPast(range: Range, now: number): Ends {
  const [from, to] = ends(range, now);
  return [from, from < now ? Math.min(to, now) : to];
}

/** Twice as long about the same middle, ending now at the latest. */
export function widened(range: Range, now: number): Range {
  const [from, to] = ends(range, now);
  const half = (to - from) / 2;
  const end = Math.min(to + half, Math.max(now, to));
  return fixed(end - 4 * half, end);
}

export function isSame(one: Range, other: Range): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A length as the address has it: one of those to choose from by its name, any other in the largest unit that it is whole in. */
export function nameOf(seconds: number): string {
  const listed = LENGTHS.find(([, length]) => length === seconds);
  if (listed) return listed[0];
  const [unit, size] = UNITS.find(([, size]) => seconds % size === 0) ?? ['s', 1];
  return `${Math.round(seconds / size)}${unit}`;
}

function lengthOf(name: string): number | null {
  const [, count, unit] = /^(\d{1,7})([smhd])$/.exec(name) ?? [];
  const seconds = Number(count) * (UNITS.find(([each]) => each === unit)?.[1] ?? 0);
  return seconds >= SHORTEST && seconds <= LONGEST ? seconds : null;
}
