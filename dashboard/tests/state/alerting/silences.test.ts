import { expect, it } from 'vitest';
import { asListed, conditionText, localTime, recurrenceText } from '../../../src/state/alerting/silences';
import { readMatcher } from '../../../src/state/explore/question';

const matchers = (...texts: string[]): NonNullable<ReturnType<typeof readMatcher>>[] => texts.map((text) => readMatcher(text)!);

it('alerts are counted by what a silence says, as far as a list can be asked so', () => {
  expect(asListed(matchers('__rule__=slow', '__severity__=critical', 'host=~web-.*'))).toEqual({
    rule: 'slow',
    severity: 'critical',
    matchers: matchers('host=~web-.*'),
  });
  expect(asListed(matchers('__severity__!=info'))).toBeNull();
});

it('a recurrence is told in words', () => {
  const nightly = { weekdays: [], at: '02:00', forMs: 5_400_000, timeZone: '' };
  expect(recurrenceText(nightly)).toBe('every day from 02:00 for 1h30m');
  expect(recurrenceText({ ...nightly, weekdays: [4, 1], timeZone: 'Europe/Berlin' })).toBe('every Mon, Thu from 02:00 for 1h30m, Europe/Berlin');
});

it('a condition is told in words', () =>
  expect(matchers('__rule__=slow', 'host!=', 'zone!~b.*').map(conditionText)).toEqual(['rule is slow', 'host is not empty', 'zone does not match b.*']));

it('a time is written by the clock where the reader is', () => {
  const at = Date.parse('2026-03-01T10:07:00Z');
  expect(Date.parse(localTime(at))).toBe(at);
});
