import { describe, expect, it } from 'vitest';
import { EVERYTHING, placeAddress, readPlace, silenceAddress, type AlertFilter } from '../../../src/state/alerting/place';

const searchOf = (address: string): string => address.split('?')[1] ?? '';

describe('a place', () => {
  it('comes back from its address as it was', () => {
    const filter: AlertFilter = {
      state: 'resolved',
      severity: 'critical',
      service: 'a&b',
      rule: 'slow',
      incident: '11c285',
      matchers: [{ label: 'host', operator: '=~', value: 'web-.*' }],
      text: 'disk full',
      audible: true,
    };
    const place = { part: 'alerts', filter, open: '' } as const;
    expect(readPlace(searchOf(placeAddress(place)))).toEqual(place);
  });

  it('says nothing that goes without saying', () => expect(placeAddress({ part: 'alerts', filter: EVERYTHING, open: '' })).toBe('/app/alerts'));

  it('knows parts and states only', () =>
    expect(readPlace('show=treasure&state=buried&severity=loud')).toEqual({ part: 'alerts', filter: EVERYTHING, open: '' }));
});

it('an alert leads to a silence of its rule and labels', () => {
  const { part, open, filter } = readPlace(searchOf(silenceAddress({ service: 'shop' }, 'slow')));
  expect([part, open]).toEqual(['silences', 'new']);
  expect(filter.matchers).toEqual([
    { label: '__rule__', operator: '=', value: 'slow' },
    { label: 'service', operator: '=', value: 'shop' },
  ]);
});
