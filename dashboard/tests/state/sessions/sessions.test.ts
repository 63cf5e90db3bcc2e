import { expect, it } from 'vitest';
import { changeOf, readSessionFilter, writeSessionFilter, type SessionFilter } from '../../../src/state/sessions/sessions';

it('a filter of sessions comes back from the address as it was', () => {
  const filter: SessionFilter = { active: true, errors: true, feature: 'wish list', service: 'shop' };
  const params = new URLSearchParams();
  writeSessionFilter(filter, params);
  expect(readSessionFilter(params)).toEqual(filter);
});

it('nothing before is no change', () => {
  expect([changeOf(15, 10), changeOf(5, 10), changeOf(5, 0)]).toEqual([50, -50, null]);
});
