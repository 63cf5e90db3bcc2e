import { expect, it } from 'vitest';
import { remember, rolling, runningTotal, trends } from '../../src/state/trends';
import { point, snapshot } from '../samples';

const { figures } = snapshot(0);

it("reckons the day's counter back from where it stands", () => {
  expect(runningTotal([1, 2, 3], 100)).toEqual([95, 97, 100]);
  expect(runningTotal([5, 5], 3)).toEqual([0, 3]);
});

it('smooths over the seconds there are', () => {
  expect(rolling([2, 4, 6, 0], 2)).toEqual([2, 3, 5, 3]);
});

it('has no error rate and no latency where there was no request', () => {
  const quiet = { ...point(1000, 0), average: null };
  const lines = trends([quiet, point(2000, 10, 5)], [], figures);
  expect(lines.errorRate).toEqual([null, 50]);
  expect(lines.latency).toEqual([null, 10]);
});

it('remembers one entry a snapshot, within the window', () => {
  const first = remember([], figures, 1_000);
  expect(remember(first, figures, 1_000)).toHaveLength(1);
  expect(remember(first, figures, 2_000)).toHaveLength(2);
  expect(remember(first, figures, 400_000).map((entry) => entry.at)).toEqual([400_000]);
});
