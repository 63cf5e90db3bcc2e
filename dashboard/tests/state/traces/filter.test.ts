import { describe, expect, it } from 'vitest';
import { EVERY_TRACE, readMilliseconds, readTraceFilter, readTraceId, writeTraceFilter, type TraceFilter } from '../../../src/state/traces/filter';

function throughAddress(filter: TraceFilter): TraceFilter {
  const params = new URLSearchParams();
  writeTraceFilter(filter, params);
  return readTraceFilter(new URLSearchParams(params.toString()));
}

describe('a filter of traces', () => {
  it('comes back from the address as it was', () => {
    const filter: TraceFilter = {
      services: ['shop'],
      operations: ['GET /cart', 'SELECT'],
      least: 250.5,
      most: 9_000,
      failed: true,
      root: true,
      conditions: [{ attribute: 'http.response.status_code', comparison: '>=', value: 500 }],
      order: 'longest',
    };
    expect(throughAddress(filter)).toEqual(filter);
    expect(throughAddress(EVERY_TRACE)).toEqual(EVERY_TRACE);
  });
});

it.each([
  ['300', 300],
  ['300ms', 300],
  ['1.5 s', 1_500],
  ['', null],
  ['-3', null],
  ['soon', null],
])('"%s" is %s milliseconds', (text, expected) => expect(readMilliseconds(text)).toBe(expected));

it('knows the name of a trace', () => {
  expect(readTraceId(' 4BF92F3577B34DA6A3CE929D0E0E4736 ')).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  expect(readTraceId('GET /cart')).toBeNull();
});
