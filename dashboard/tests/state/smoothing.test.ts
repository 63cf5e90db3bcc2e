import { expect, it } from 'vitest';
import { steadied } from '../../src/state/smoothing';
import { point } from '../samples';

const at = (second: number, requests: number, p95: number | null): ReturnType<typeof point> => ({
  ...point(second * 1000, requests),
  p50: p95 === null ? null : 1,
  p95,
});
const p95s = (...points: ReturnType<typeof point>[]): (number | null)[] => steadied(points).map((p) => p.p95);

it('leaves dense traffic as it came', () => {
  expect(p95s(at(1, 500, 10), at(2, 500, 90))).toEqual([10, 90]);
});

it('weighs few requests with those before them', () => {
  expect(p95s(at(1, 30, 10), at(2, 10, 50))).toEqual([10, 20]);
});

it('looks back no further than it needs, and ten seconds at most', () => {
  expect(p95s(at(1, 500, 1000), at(2, 150, 10), at(3, 50, 50)).at(-1)).toBe(20);
  const quiet = Array.from({ length: 12 }, (_, second) => at(second, 1, second < 2 ? 5000 : 10));
  expect(p95s(...quiet).at(-1)).toBe(10);
});

it('makes nothing out of nothing', () => {
  expect(p95s(at(1, 5, 10), at(2, 0, null))).toEqual([10, null]);
});
