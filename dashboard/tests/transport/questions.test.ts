import { create } from '@bufbuild/protobuf';
import { Function, Grouping_Aggregation, Matcher_Operator, TimeSeriesAnswerSchema } from '@gen/binnacle/query/v1/query_pb';
import { describe, expect, it } from 'vitest';
import { about, type Question } from '../../src/state/explore/question';
import { pictureOf, type Picture } from '../../src/state/explore/picture';
import { decodeAnswer, queryOf, rangedQueryOf, wantsRanges, within } from '../../src/transport/questions';

const selections = (question: Question): unknown[] => queryOf(question, 600).expressions!.map(({ source }) => source!.value);

function picture(lines: number): Picture {
  const now = Array.from({ length: lines }, (_, host) => ({ labels: { host: String(host) }, values: [1], minimums: [], maximums: [] }));
  return pictureOf({ timesMs: [0], now, earlier: [], stepMs: 1, fromMs: 0, toMs: 1, notices: [] });
}

describe('a question', () => {
  it('selects, groups and compares', () => {
    const matchers = [{ label: 'host', operator: '=~', value: 'web-.*' }] as const;
    const asked: Question = { metric: 'latency', matchers, function: 'p95', aggregation: 'sum', by: ['host'], earlier: 3_600 };
    const now = {
      metric: 'latency',
      matchers: [{ label: 'host', operator: Matcher_Operator.MATCHES, value: 'web-.*' }],
      function: Function.QUANTILE,
      quantile: 0.95,
      grouping: { aggregation: Grouping_Aggregation.SUM, quantile: 0, by: ['host'] },
    };
    expect(selections(asked)).toMatchObject([now, { ...now, offset: { seconds: 3_600n } }]);
  });

  it('asks for the range of each step where one is told', () => {
    const few = picture(3);
    expect(wantsRanges(about('cpu'), few)).toBe(true);
    expect(wantsRanges({ ...about('cpu'), function: 'rate' }, few)).toBe(false);
    expect(wantsRanges({ ...about('cpu'), aggregation: 'sum' }, few)).toBe(false);
    expect(wantsRanges(about('cpu'), picture(30))).toBe(false);
    expect(rangedQueryOf(about('cpu'), 600)).toMatchObject({ envelope: true, expressions: [{ ranking: undefined }] });
  });

  it('has ends where the range is fixed only', () => {
    expect(queryOf(about('cpu'), 600).startTime).toBeUndefined();
    expect(within(queryOf(about('cpu'), 600), 1_000, 2_000)).toMatchObject({ startTime: { seconds: 1n }, endTime: { seconds: 2n } });
  });
});

it('an answer becomes a picture', () => {
  const labels = { __name__: 'cpu', host: 'a' };
  const answer = create(TimeSeriesAnswerSchema, {
    timesUnixMs: [1_000, 2_000],
    results: [
      { name: 'now', series: [{ labels, values: [1, NaN] }] },
      { name: 'earlier', series: [{ labels, values: [3, 4] }] },
    ],
    stepMs: 1_000,
    startUnixMs: 1_000,
    endUnixMs: 3_000,
    notices: ['once', 'once'],
  });
  const { times, lines, notices, from, to } = decodeAnswer(answer);
  expect({ times, notices, from, to }).toEqual({ times: [1, 2], notices: ['once'], from: 1, to: 3 });
  expect(lines).toMatchObject([{ name: 'cpu', values: [1, null], earlier: [3, 4] }]);
});
