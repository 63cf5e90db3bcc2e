import { expect, it } from 'vitest';
import { readSpan, spanText } from '../../../src/state/alerting/spans';

it.each([
  ['500ms', 500],
  ['10s', 10_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  [' 7d ', 604_800_000],
  ['0s', 0],
])('%s is %i ms', (text, milliseconds) => expect(readSpan(text)).toBe(milliseconds));

it.each(['', '5', 'five minutes', '5m and more', '5 parsecs'])('%s is none', (text) => expect(readSpan(text)).toBeNull());

it.each([0, 1, 90_000, 5_400_000, 90_061_001])('%i ms comes back from its text', (milliseconds) => expect(readSpan(spanText(milliseconds))).toBe(milliseconds));
