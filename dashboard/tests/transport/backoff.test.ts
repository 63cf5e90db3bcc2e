import { expect, it } from 'vitest';
import { jitteredBackoff } from '../../src/transport/backoff';

it('doubles up to a limit, and spreads those who wait', () => {
  const [soonest, latest] = [jitteredBackoff(() => 0), jitteredBackoff(() => 1)];
  expect([0, 1, 2, 3, 4, 50].map((attempt) => latest.delay(attempt))).toEqual([1000, 2000, 4000, 8000, 15000, 15000]);
  expect(soonest.delay(2)).toBe(2000);
});
