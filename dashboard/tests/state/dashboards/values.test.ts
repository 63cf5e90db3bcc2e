import { Severity } from '@gen/binnacle/alerts/v1/alerts_pb';
import { Reduction } from '@gen/binnacle/dashboards/v1/widgets_pb';
import { expect, it } from 'vitest';
import { sheetToCsv, sheetToJson } from '../../../src/state/dashboards/sheet';
import { histogram, ranked, reduced, stepAt, stretchOf, toneOf, type Answer, type Valued } from '../../../src/state/dashboards/values';

function line(name: string, values: readonly (number | null)[], whole: number | null = null): Valued {
  return { key: name, name, labels: {}, values, least: null, greatest: null, earlier: null, whole };
}
function answer(...lines: Valued[]): Answer {
  return { times: [1, 2, 3], lines, stepMs: 1000, from: 1, to: 3, notices: [] };
}

it('makes one number of values, and none of none', () => {
  const some = line('a', [1, null, 5], 42);
  expect([Reduction.LAST, Reduction.AVERAGE, Reduction.MINIMUM, Reduction.MAXIMUM, Reduction.SUM, Reduction.TOTAL].map((each) => reduced(some, each))).toEqual([5, 3, 1, 5, 6, 42]);
  expect([Reduction.LAST, Reduction.SUM, Reduction.TOTAL].map((each) => reduced(line('b', [null, null]), each))).toEqual([null, null, null]);
});

it('lists the greatest, or the least, and leaves out what has no value', () => {
  const told = answer(line('a', [1]), line('b', [9]), line('c', [null]));
  expect(ranked(told, Reduction.LAST, 0, false).map(({ name }) => name)).toEqual(['b', 'a']);
  expect(ranked(told, Reduction.LAST, 1, true).map(({ name }) => name)).toEqual(['a']);
});

it('counts every value once', () => {
  expect(histogram(answer(line('a', [0, 5, 10]), line('b', [10, null])), 2).map(({ count }) => count)).toEqual([1, 3]);
  expect(histogram(answer(line('a', [4, 4])), 0)).toEqual([{ from: 4, to: 5, count: 2 }]);
  expect(histogram(answer(line('a', [null])), 5)).toEqual([]);
});

it('is coloured by the gravest mark that was crossed', () => {
  const marks = [
    { value: 1, below: false, severity: Severity.CRITICAL },
    { value: 0, below: false, severity: Severity.INFO },
  ];
  expect(toneOf(2, marks)).toBe('bad');
  expect(toneOf(0.5, marks)).toBe('');
  expect(toneOf(3, [{ value: 5, below: true, severity: Severity.WARNING }])).toBe('warn');
});

it('saves rows as they are shown, and no formulas', () => {
  const sheet = { columns: ['name', 'value'], rows: [['=1+1', null], ['a,"b"', -3]] };
  expect(sheetToCsv(sheet)).toBe('name,value\r\n\'=1+1,\r\n"a,""b""",-3\r\n');
  expect(JSON.parse(sheetToJson(sheet))).toEqual([{ name: '=1+1', value: null }, { name: 'a,"b"', value: -3 }]);
});

it('has steps where they belong in the time that is shown, with a hole where there were none', () => {
  const told: Answer = { ...answer(), times: [10, 11, 18], from: 10, to: 20 };
  expect([0, 1, 2].map((place) => stretchOf(told, place))).toEqual([
    [0, 0.1],
    [0.1, 0.2],
    [0.8, 0.9],
  ]);
  expect([0.05, 0.15, 0.5, 0.85, 0.95].map((part) => stepAt(told, part))).toEqual([0, 1, null, 2, null]);
});
