/** How long to wait before the next attempt. */
export interface Backoff {
  /** Milliseconds until attempt number `attempt`, counted from 0 since the last success. */
  delay(attempt: number): number;
}

const FIRST_MS = 1_000;
const MOST_MS = 15_000;

/**
 * Doubles from one second up to fifteen, and takes a random part of it (half at least), so that a thousand
 * browsers do not come back in one moment. `random` gives 0 to 1.
 */
export function jitteredBackoff(random: () => number = Math.random): Backoff {
  return {
    delay(attempt) {
      const full = Math.min(MOST_MS, FIRST_MS * 2 ** attempt);
      return full * (0.5 + 0.5 * random());
    },
  };
}
