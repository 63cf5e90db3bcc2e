import { describe, expect, it } from 'vitest';
import { finished, mergePoints, toColumns } from '../../src/state/points';
import { point } from '../samples';

describe('mergePoints', () => {
  it('puts a point in the place of the one of the same time', () => {
    const merged = mergePoints([point(1000, 1), point(2000, 2)], [point(2000, 7), point(3000, 3)]);
    expect(merged.map((p) => [p.at, p.requests])).toEqual([[1000, 1], [2000, 7], [3000, 3]]);
  });

  it('puts a late point where its time belongs', () => {
    const merged = mergePoints([point(1000), point(3000)], [point(2000)]);
    expect(merged.map((p) => p.at)).toEqual([1000, 2000, 3000]);
  });

  it('lets fall what is older than the window', () => {
    const merged = mergePoints([point(1000), point(2000), point(3000)], [point(4000)], 2000);
    expect(merged.map((p) => p.at)).toEqual([3000, 4000]);
  });

  it('changes neither its arguments nor, without news, its answer', () => {
    const window = Object.freeze([point(1000)]);
    expect(mergePoints(window, [])).toBe(window);
    mergePoints(window, [point(500), point(1000, 9)]);
    expect(window).toEqual([point(1000)]);
  });

  it('gives the same window in whatever order points come', () => {
    const points = [5, 3, 1, 4, 2].map((second) => point(second * 1000, second));
    const one = mergePoints([], points);
    const other = points.reduce<readonly ReturnType<typeof point>[]>((window, p) => mergePoints(window, [p]), []);
    expect(other).toEqual(one);
    expect(one.map((p) => p.at)).toEqual([1000, 2000, 3000, 4000, 5000]);
  });
});

it('leaves out the second that still fills', () => {
  const points = [point(1000), point(2000)];
  expect(finished(points, 3499).map((p) => p.at)).toEqual([1000]);
  expect(finished(points, 3500)).toBe(points);
});

it('gives a chart seconds and columns, with null where nothing was observed', () => {
  const columns = toColumns([{ ...point(1500, 4), p99: null }]);
  expect(columns).toMatchObject({ times: [1.5], requests: [4], p99: [null] });
});
