import type uPlot from 'uplot';
import { describe, expect, it } from 'vitest';
import { gapsOf } from '../../src/charts/series-options';

/** A chart of one series on which a second is a pixel. */
function gaps(times: readonly number[], values: readonly (number | null)[], nulls: uPlot.Series.Gaps = []): uPlot.Series.Gaps {
  const chart = { data: [times, values], valToPos: (at: number) => at } as unknown as uPlot;
  return gapsOf(chart, 1, 0, times.length - 1, nulls);
}

describe('gaps of a line', () => {
  it('are where nothing was measured, so that there are no times either', () => {
    expect(gaps([0, 10, 20, 100, 110], [1, 2, 3, 4, 5])).toEqual([[20, 100]]);
  });
  it('are where a series misses many of its own turns', () => {
    const times = Array.from({ length: 12 }, (_, place) => 10 * place);
    const values = times.map((at) => (at > 20 && at < 90 ? null : at));
    expect(gaps(times, values, [[20, 90]])).toEqual([[20, 90]]);
  });
  it('are not where it is measured every other time, or misses a turn', () => {
    const times = Array.from({ length: 12 }, (_, place) => 10 * place);
    expect(gaps(times, times.map((at) => (at % 20 === 0 ? at : null)), [[0, 20]])).toEqual([]);
    expect(gaps([0, 10, 30, 40], [1, 2, 3, 4])).toEqual([]);
  });
  it('are none of a single value, or none', () => {
    expect(gaps([5], [1])).toEqual([]);
    expect(gaps([], [])).toEqual([]);
  });
});
