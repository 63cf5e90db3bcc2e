import { describe, expect, it } from 'vitest';
import { namesOf, pictureOf, readingOf, toCsv, toJson, type AnsweredSeries, type Picture } from '../../../src/state/explore/picture';

function series(service: string, values: readonly number[], rest: Partial<AnsweredSeries> = {}): AnsweredSeries {
  return { labels: { __name__: 'latency', service, host: 'one' }, values, minimums: [], maximums: [], ...rest };
}

function picture(now: readonly AnsweredSeries[], earlier: readonly AnsweredSeries[] = []): Picture {
  return pictureOf({ timesMs: [0, 60_000, 120_000], now, earlier, stepMs: 60_000, fromMs: 0, toMs: 180_000, notices: [] });
}

describe('names of series', () => {
  it('are what differs', () => expect(picture([series('a', [1, 2, 3]), series('b, "c"', [1, 2, 3])]).lines.map(({ name }) => name)).toEqual(['a', 'b, "c"']));
  it('tell labels where several differ', () => expect(namesOf([{ a: '1', b: '2' }, { a: '3' }])).toEqual(['a=1 b=2', 'a=3']));
  it('are that of the metric where nothing differs', () => expect(namesOf([{ __name__: 'latency' }, ])).toEqual(['latency']));
  it('are what they are grouped by where there is one', () => expect(namesOf([{ service: 'shop' }])).toEqual(['shop']));
  it('are words where there is nothing at all', () => expect(namesOf([{}])).toEqual(['all together']));
});

describe('a line', () => {
  it('has nothing where nothing was measured', () => expect(picture([series('a', [1, NaN, 0])]).lines[0]!.values).toEqual([1, null, 0]));

  it('is read beside its earlier period', () => {
    const [line] = picture([series('a', [1, NaN, 3])], [series('a', [1, 1, 1])]).lines;
    expect(readingOf(line!)).toEqual({ newest: 3, least: 1, mean: 2, greatest: 3, change: 100 });
  });

  it('reads its extremes from the samples of its steps', () => {
    const [line] = picture([series('a', [2, 2, 2], { minimums: [2, 0.5, 2], maximums: [2, 9, 2] })]).lines;
    expect(readingOf(line!)).toMatchObject({ least: 0.5, greatest: 9 });
  });

  it('reads nothing from nothing', () =>
    expect(readingOf(picture([series('a', [NaN, NaN, NaN])]).lines[0]!)).toEqual({ newest: null, least: null, mean: null, greatest: null, change: null }));
});

describe('an export', () => {
  const shown = picture([series('a', [1, NaN, 0.5]), series('b, "c"', [4, 5, 6])]);

  it('holds what is shown, a column a line', () =>
    expect(toCsv(shown, shown.lines)).toBe(
      'time,a,"b, ""c"""\r\n1970-01-01T00:00:00.000Z,1,4\r\n1970-01-01T00:01:00.000Z,,5\r\n1970-01-01T00:02:00.000Z,0.5,6\r\n',
    ));

  it('holds nothing else', () => expect(toCsv(shown, shown.lines.slice(0, 1)).split('\r\n')[0]).toBe('time,a'));

  it('is the same as JSON', () =>
    expect(JSON.parse(toJson(shown, shown.lines))[1]).toEqual({ time: '1970-01-01T00:01:00.000Z', a: null, 'b, "c"': 5 }));
});
