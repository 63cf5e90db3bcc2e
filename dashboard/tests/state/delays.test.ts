import { expect, it } from 'vitest';
import { delay, shown, type Shown } from '../../src/state/delays';

it('measures from acceptance to the screen', () => {
  const times = Array.from({ length: 100 }, (_, index) => 10_000 - index);
  expect(delay(shown([], 10_000, times), 10_000)).toEqual({ median: 49, p95: 94, count: 100 });
});

it('is of the last 20 seconds, and nothing where nothing appeared', () => {
  const early = shown([], 10_000, [0]);
  const both = shown(early, 20_000, [19_900]);
  expect(delay(both, 20_000)).toMatchObject({ median: 100, p95: 10_000 });
  expect(delay(both, 31_000)).toEqual({ median: 100, p95: 100, count: 1 });
  expect(delay(both, 41_000)).toBeNull();
  expect(shown(both, 31_000, [])).toHaveLength(1);
});

it('is bounded, and never less than nothing', () => {
  const many = Array.from({ length: 50 }).reduce<readonly Shown[]>((held) => shown(held, 0, Array(20).fill(1)), []);
  expect(many).toHaveLength(500);
  expect(delay(many, 0)).toMatchObject({ median: 0 });
});
