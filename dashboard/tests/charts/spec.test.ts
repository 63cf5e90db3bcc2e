import { expect, it } from 'vitest';
import { sparkline } from '../../src/charts/sparkline';
import { niceTop, rangeFor, type Scale } from '../../src/charts/spec';

const lower: Scale = { name: 'e', from: 0, to: 0.25, atLeast: 1, side: 'right', colour: 'pen-errors', mark: String };

it('picks tops that seldom move', () => {
  expect([0.7, 1, 1.1, 42, 51, 900].map(niceTop)).toEqual([0.8, 1, 2, 50, 80, 1000]);
});

it('keeps a scale to its part of the height', () => {
  expect(rangeFor(lower, 0)).toEqual([-0, 4]);
  expect(rangeFor({ ...lower, from: 0.5, to: 1 }, 9)).toEqual([-10, 10]);
});

it('draws a short line at the right, where now is, and a gap as one stroke', () => {
  const { line } = sparkline([1, null, 3], 5);
  expect(line).toBe('M50.0 22.0L100.0 2.0');
  expect(sparkline([1], 5).line).toBe('');
});

it('keeps a steady figure steady', () => {
  const heights = sparkline([100, 101], 2).line.match(/ ([\d.]+)/g)!.map(Number);
  expect(Math.abs(heights[0]! - heights[1]!)).toBeLessThan(2);
});
