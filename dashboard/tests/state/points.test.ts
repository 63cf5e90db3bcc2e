import { expect, it } from 'vitest';
import { finished, toColumns } from '../../src/state/points';
import { point } from '../samples';

it('leaves out the second that still fills', () => {
  const points = [point(1000), point(2000)];
  expect(finished(points, 3499).map((p) => p.at)).toEqual([1000]);
  expect(finished(points, 3500)).toBe(points);
});

it('gives a chart seconds and columns, with null where nothing was observed', () => {
  const columns = toColumns([{ ...point(1500, 4), p99: null }]);
  expect(columns).toMatchObject({ times: [1.5], requests: [4], p99: [null] });
});
