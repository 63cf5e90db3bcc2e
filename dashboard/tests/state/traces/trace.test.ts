import { expect, it } from 'vitest';
import { parentsOf, unfolded, withinOf } from '../../../src/state/traces/trace';

const spans = [0, 1, 2, 2, 1, 0, 1].map((depth) => ({ depth }));

it('spans know their parents', () => expect(parentsOf(spans)).toEqual([-1, 0, 1, 1, 0, -1, 5]));

it('spans know how many stand within them', () => expect(withinOf(spans)).toEqual([4, 2, 0, 0, 0, 1, 0]));

it('what stands within a folded span is not shown', () => {
  expect(unfolded(spans, new Set())).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(unfolded(spans, new Set([1]))).toEqual([0, 1, 4, 5, 6]);
  expect(unfolded(spans, new Set([0, 1]))).toEqual([0, 5, 6]);
});
