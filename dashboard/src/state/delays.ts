/** How long things take from where they are accepted to this screen, as measured here. */

const WINDOW_MS = 20_000;
const MOST = 500;

/** One thing that appeared on the screen. */
export interface Shown {
  /** When, by the server's clock. */
  readonly at: number;
  /** How long before it was accepted or made, in milliseconds. */
  readonly delay: number;
}

/** The delays of the last 20 seconds. */
export interface Delay {
  readonly median: number;
  /** 95 percent were not longer. */
  readonly p95: number;
  readonly count: number;
}

/** What was shown lately, oldest first, after one or several more appeared. */
export function shown(former: readonly Shown[], at: number, since: readonly number[]): readonly Shown[] {
  const fresh = since.map((time) => ({ at, delay: Math.max(0, at - time) }));
  return [...former.filter((one) => one.at > at - WINDOW_MS), ...fresh].slice(-MOST);
}

/** Null where nothing appeared within the last 20 seconds. */
export function delay(all: readonly Shown[], now: number): Delay | null {
  const delays = all.filter(({ at }) => at > now - WINDOW_MS).map((one) => one.delay).sort((a, b) => a - b);
  const rank = (share: number): number | undefined => delays[Math.ceil(share * delays.length) - 1];
  const [median, p95] = [rank(0.5), rank(0.95)];
  return median === undefined || p95 === undefined ? null : { median, p95, count: delays.length };
}
