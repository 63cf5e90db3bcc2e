import { describe, expect, it } from 'vitest';
import { age, bytes, count, counted, lag, latency, measured, percent, quantity, rate, together, uptime } from '../../src/design/format';

describe('figures', () => {
  it('are grouped, and shortened where nobody reads each digit', () => {
    expect([0, 1234, 9_999_999, 12_345_678, 3.2e9].map(count)).toEqual(['0', '1,234', '9,999,999', '12.35M', '3.200G']);
  });

  it('have a singular where something is counted', () => {
    expect([0, 1, 2, 1234].map((value) => counted(value, 'alert'))).toEqual(['0 alerts', '1 alert', '2 alerts', '1,234 alerts']);
    expect([1, 3].map((value) => counted(value, 'person', 'people'))).toEqual(['1 person', '3 people']);
  });

  it('are one of what is counted, in units that are counted by, and in no others', () => {
    const written = (value: number, unit: string): string => together(quantity(value, unit));
    expect([0, 1, 2].map((value) => written(value, 'requests'))).toEqual(['0 requests', '1 request', '2 requests']);
    expect([written(1, 'searches'), written(1, 'people'), written(1, 'celsius'), written(1.5, 'errors')]).toEqual(['1 search', '1 person', '1 celsius', '1.5 errors']);
  });

  it('are never written before a plural by hand', () => {
    const sources = import.meta.glob<string>(['../../src/**/*.svelte', '../../src/**/*.ts'], { query: '?raw', import: 'default', eager: true });
    const plain = /(?:count\([^{}]*\)|\.length(?: - \w+)?|\.total)\} (?:more )?(?!series|class)[a-z]+s\b(?! of\b)/g;
    const byHand = Object.entries(sources).flatMap(([path, text]) => [...text.matchAll(plain)].map(([found]) => `${path}: ${found}`));
    expect(Object.keys(sources).length).toBeGreaterThan(200);
    expect(byHand).toEqual([]);
  });

  it('never turn something into nothing', () => {
    expect([0, 0.004, 0.5, 12.34, 99_999].map(rate)).toEqual(['0', '<0.01', '0.50', '12.3', '99,999']);
    expect([0, 0.02, 0.14, 9.96, 42.4, 100].map(percent)).toEqual(['0', '<0.1', '0.1', '10.0', '42', '100']);
  });

  it('say that nothing was observed', () => {
    expect([null, 0, 0.44, 12.6, 999.4, 1240].map((ms) => together(latency(ms)))).toEqual(['–', '–', '0.4 ms', '13 ms', '999 ms', '1.24 s']);
  });

  it('keep four digits that mean something, whatever they measure', () => {
    expect([5, -0.012345, 99.949, 1234.56, 54_321.9, NaN].map(measured)).toEqual(['5', '-0.01235', '99.95', '1,235', '54,322', '–']);
  });

  it('carry units that fit', () => {
    expect([0, 999, 1000, 999_600, 61_200_000].map((b) => together(bytes(b)))).toEqual(['0 B', '999 B', '1.00 kB', '1.00 MB', '61.2 MB']);
    expect(together(bytes(1500, '/s'))).toBe('1.50 kB/s');
  });
});

describe('durations', () => {
  it('name their two largest units', () => {
    expect([0, 0.001, 0.5, 2, 4.2, 24, 300].map(uptime)).toEqual(['–', '1 min', '30 min', '2 h', '4 h 12 m', '1 d', '12 d 12 h']);
    expect([400, 3_900, 61_000, 7_200_000].map(age)).toEqual(['<1 s', '3 s', '1 min', '2 h']);
  });

  it('of delays have two digits that mean something', () => {
    expect([0.2, 1, 7.4, 42.4, 123, 996, 1_240, 14_400].map(lag)).toEqual(['<1 ms', '1 ms', '7 ms', '42 ms', '120 ms', '1.0 s', '1.2 s', '14 s']);
  });
});
