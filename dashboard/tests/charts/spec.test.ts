import { expect, it } from 'vitest';
import { sparkline } from '../../src/charts/sparkline';
import { marksByFactors, niceTop, rangeByFactors, rangeFor, type Scale } from '../../src/charts/spec';

const lower: Scale = { name: 'e', from: 0, to: 0.25, atLeast: 1, side: 'right', colour: 'pen-errors', mark: String };

it('picks tops that seldom move', () => {
  expect([0.7, 1, 1.1, 42, 51, 900].map(niceTop)).toEqual([0.8, 1, 2, 50, 80, 1000]);
});

it('keeps a scale to its part of the height', () => {
  expect(rangeFor(lower, 0)).toEqual([-0, 4]);
  expect(rangeFor({ ...lower, from: 0.5, to: 1 }, 9)).toEqual([-10, 10]);
});

it('ends a logarithmic scale at round factors, a decade apart at least', () => {
  const scale: Scale = { ...lower, atLeast: 10, logarithmic: true };
  expect(rangeByFactors(scale, 21, 1900)).toEqual([20, 2000]);
  expect(rangeByFactors(scale, 21, 30)).toEqual([20, 200]);
  expect(rangeByFactors(scale, 0, 0)).toEqual([1, 10]);
  expect(marksByFactors(20, 2000)).toEqual([20, 50, 100, 200, 500, 1000, 2000]);
  expect(marksByFactors(1, 1000)).toEqual([1, 10, 100, 1000]);
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
