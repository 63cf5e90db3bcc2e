import { expect, it } from 'vitest';
import { around, reachOf, suspectsOf } from '../../../src/state/alerting/suspects';

const BEGAN = 10_000_000;
const change = (minutesBefore: number, service: string): { at: number; service: string; text: string } => ({ at: BEGAN - 60_000 * minutesBefore, service, text: `${service} ${minutesBefore}` });

it('puts changes of what went wrong first, then the latest', () => {
  const suspects = suspectsOf([change(40, 'shop'), change(30, 'mail'), change(5, 'mail'), change(20, 'shop')], ['shop'], BEGAN);
  expect(suspects.map(({ text }) => text)).toEqual(['shop 20', 'shop 40', 'mail 5', 'mail 30']);
  expect(suspects.map(({ own }) => own)).toEqual([true, true, false, false]);
  expect(suspects[0]!.before).toBe(20 * 60_000);
});

it('looks an hour back and not beyond its beginning, and as far before a change as after it', () => {
  expect(reachOf(BEGAN)).toEqual({ kind: 'fixed', from: BEGAN - 3_600_000, to: BEGAN });
  expect(around(change(0, 'shop'))).toEqual({ kind: 'fixed', from: BEGAN - 900_000, to: BEGAN + 900_000 });
});
