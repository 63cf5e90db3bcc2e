import { describe, expect, it } from 'vitest';
import { EVERY_EVENT, readEventFilter, showsType, writeEventFilter, type EventFilter } from '../../../src/state/events/filter';

describe('a filter of events', () => {
  it('comes back from the address as it was', () => {
    const filter: EventFilter = {
      types: ['purchase', 'error'],
      services: ['shop', 'a&b'],
      users: ['u 1'],
      sessions: ['s=1'],
      text: '"gave up" -retry',
      conditions: [
        { attribute: 'total', comparison: '>=', value: 50 },
        { attribute: 'coupon', comparison: 'absent', value: null },
      ],
    };
    const params = new URLSearchParams();
    writeEventFilter(filter, params);
    expect(readEventFilter(params)).toEqual(filter);
  });

  it('passes over a condition that is none', () => expect(readEventFilter(new URLSearchParams('where=%3D5')).conditions).toEqual([]));

  it('shows requests to those who ask for them', () => {
    expect([showsType(EVERY_EVENT, 'request'), showsType(EVERY_EVENT, 'deploy')]).toEqual([false, true]);
    expect(showsType({ ...EVERY_EVENT, types: ['request'] }, 'request')).toBe(true);
  });
});
