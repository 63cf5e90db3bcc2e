const FIRST_MS = 1_000;
const MOST_MS = 20_000;

/**
 * Milliseconds to wait before attempt number `attempt`, counted from 0: any time up to a second, then up to two, four
 * and so on, so that those who were cut off together do not come back together.
 */
export function backoff(attempt: number, random: () => number): number {
  return random() * Math.min(MOST_MS, FIRST_MS * 2 ** attempt);
}
