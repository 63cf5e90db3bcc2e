import { describe, expect, it } from 'vitest';
import { EVERYTHING, placeAddress, readPlace, silenceAddress, type AlertFilter } from '../../../src/state/alerting/place';
import { fixed } from '../../../src/state/range';

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
    const place = { part: 'alerts', filter, open: '', range: fixed(60_000, 120_000) } as const;
    expect(readPlace(searchOf(placeAddress(place)))).toEqual(place);
  });

  it('is shown at the time that the link of a notification asks for', () => {
    const { part, open, range } = readPlace('show=incidents&open=i1&from=2026-11-22T09%3A00%3A00Z&to=2026-11-22T10%3A00%3A00Z');
    expect([part, open]).toEqual(['incidents', 'i1']);
    expect(range).toEqual(fixed(Date.parse('2026-11-22T09:00:00Z'), Date.parse('2026-11-22T10:00:00Z')));
  });

  it('says nothing that goes without saying', () => expect(placeAddress({ part: 'alerts', filter: EVERYTHING, open: '' })).toBe('/app/alerts'));

  it('knows parts and states only', () =>
    expect(readPlace('show=treasure&state=buried&severity=loud')).toEqual({ part: 'alerts', filter: EVERYTHING, open: '', range: null }));
});

it('an alert leads to a silence of its rule and labels', () => {
  const { part, open, filter } = readPlace(searchOf(silenceAddress({ service: 'shop' }, 'slow')));
  expect([part, open]).toEqual(['silences', 'new']);
  expect(filter.matchers).toEqual([
    { label: '__rule__', operator: '=', value: 'slow' },
    { label: 'service', operator: '=', value: 'shop' },
  ]);
});
