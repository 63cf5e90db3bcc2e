import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { DashboardStateSchema, DashboardUpdateSchema } from '../../../gen/typescript/binnacle/dashboard/v1/dashboard_pb.js';
import { TimeSeriesAnswerSchema, type TimeSeriesAnswer } from '../../../gen/typescript/binnacle/query/v1/query_pb.js';
import { changed, refreshed } from '../src/fold.js';

const points = (...seconds: readonly number[]) =>
  seconds.map((second) => ({ time: timestampFromMs(second * 1000), requests: second }));

describe('the overview', () => {
  it('takes points in the place of those of the same time, and in order, and keeps five minutes', () => {
    const state = create(DashboardStateSchema, { history: points(1, 2, 300), demo: true });
    const change = create(DashboardUpdateSchema, { points: [{ ...points(2)[0]!, requests: 7 }, ...points(301)] });
    const { history, demo } = changed(state, change);
    expect(history.map((point) => [timestampMs(point.time!) / 1000, point.requests])).toEqual([[2, 7], [300, 300], [301, 301]]);
    expect(demo).toBe(true);
  });
});

type Series = Record<string, readonly number[]>;

function answer(times: readonly number[], series: Series, rest: MessageInitShape<typeof TimeSeriesAnswerSchema>): TimeSeriesAnswer {
  const told = Object.entries(series).map(([place, values]) => ({ labels: { place }, values: [...values] }));
  return create(TimeSeriesAnswerSchema, { timesUnixMs: [...times], results: [{ name: 'a', series: told }], stepMs: 10, ...rest });
}

const shown = ({ timesUnixMs, results }: TimeSeriesAnswer): unknown => ({
  times: timesUnixMs,
  ...Object.fromEntries(results[0]!.series.map(({ labels, values }) => [labels['place']!, values])),
});

describe('an answer', () => {
  const whole = answer([10, 20, 30], { north: [1, 2, 3], south: [4, NaN, 6] }, { full: true, startUnixMs: 10 });

  it('that is full takes the place of the former one', () => {
    expect(refreshed(answer([1], { west: [1] }, { full: true }), whole)).toBe(whole);
  });

  it('replaces the steps it tells for all series, adds new ones, and lets the oldest go', () => {
    const news = answer([30, 40], { north: [7, 8], east: [1, 2] }, { startUnixMs: 20 });
    const joined = refreshed(whole, news);
    expect(shown(joined)).toEqual({ times: [20, 30, 40], north: [2, 7, 8], east: [NaN, 1, 2] });
    expect(joined.full).toBe(true);
  });

  it('with listed series has these in their order: moved, new with a past, gone', () => {
    const series = [
      { formerPlace: 2, values: [7, 8] },
      { labels: { place: 'east' }, values: [1, 2, 3] },
    ];
    const results = [{ name: 'a', listed: true, series }];
    const news = create(TimeSeriesAnswerSchema, { timesUnixMs: [30, 40], startUnixMs: 20, stepMs: 10, results });
    const joined = refreshed(whole, news);
    expect(shown(joined)).toEqual({ times: [20, 30, 40], south: [NaN, 7, 8], east: [1, 2, 3] });
    expect(joined.results[0]!.series.map(({ labels }) => labels['place'])).toEqual(['south', 'east']);
    expect(joined.results[0]).toMatchObject({ listed: false, series: [{ formerPlace: 0 }, { formerPlace: 0 }] });
  });

  it('of an instant keeps the values that are not told again, at the new time', () => {
    const one = answer([10], { north: [1], south: [2] }, { full: true, startUnixMs: 10, stepMs: 0 });
    const series = [{ formerPlace: 2 }, { formerPlace: 1, values: [5] }];
    const results = [{ name: 'a', listed: true, series }];
    const news = create(TimeSeriesAnswerSchema, { timesUnixMs: [20], startUnixMs: 20, results });
    expect(shown(refreshed(one, news))).toEqual({ times: [20], south: [2], north: [5] });
  });

  it('keeps the rows of an envelope in step', () => {
    const series = { labels: {}, values: [1, 2], minimums: [0, 1], maximums: [2, 3] };
    const former = create(TimeSeriesAnswerSchema, { full: true, stepMs: 1, timesUnixMs: [1, 2], results: [{ name: 'a', series: [series] }] });
    const fresh = { labels: {}, values: [5], minimums: [4], maximums: [6] };
    const news = create(TimeSeriesAnswerSchema, { stepMs: 1, timesUnixMs: [2], results: [{ name: 'a', series: [fresh] }] });
    expect(refreshed(former, news).results[0]!.series[0]).toMatchObject({ values: [1, 5], minimums: [0, 4], maximums: [2, 6] });
  });
});
