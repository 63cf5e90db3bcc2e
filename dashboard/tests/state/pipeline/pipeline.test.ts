import { describe, expect, it } from 'vitest';
import { RATES_KEPT, troubles, withRates, type Pipeline } from '../../../src/state/pipeline/pipeline';

function pipeline(rest: Partial<Pipeline> = {}): Pipeline {
  const nothing = { flows: [], refusals: [], repeated: 0, lag: null, journals: [], collectors: [], rollups: [], tables: [] };
  return { from: 0, to: 300_000, ...nothing, alone: true, merges: 0, freeBytes: null, uncountedAt: null, ...rest };
}
function flowing(kind: string, rateNow: number): Pipeline {
  return pipeline({ flows: [{ kind, rows: 1, rate: 1, rateNow }] });
}

describe('rates', () => {
  it('are kept as they come, and are 0 where nothing is told', () => {
    const rates = [flowing('events', 5), flowing('logs', 7), flowing('events', 6)].reduce(withRates, new Map());
    expect([...rates]).toEqual([['events', [5, 0, 6]], ['logs', [7, 0]]]);
  });

  it('are so many at most', () => {
    const rates = Array.from({ length: RATES_KEPT + 5 }, (_, turn) => flowing('events', turn)).reduce(withRates, new Map());
    expect(rates.get('events')).toHaveLength(RATES_KEPT);
    expect(rates.get('events')!.at(-1)).toBe(RATES_KEPT + 4);
  });
});

describe('troubles', () => {
  const journal = { id: 'a', connected: true, storedAt: 0, stored: 1, waiting: 0, waitingBytes: 0 };

  it('are none while all flows', () => expect(troubles(pipeline({ journals: [journal] }), 0)).toEqual([]));

  it('are told in words', () => {
    const collector = { instance: 'c', journalBytes: 1, uncommitted: 5, lagSeconds: 90, seenAt: 0 };
    const lag = { requests: 10, p50: 1, p95: 20, p99: 30, max: 40 };
    const told = troubles(pipeline({ journals: [{ ...journal, connected: false }], collectors: [collector], lag, uncountedAt: 1_000 }), 2_000);
    expect(told.map((words) => words.split(' ').slice(0, 3).join(' '))).toEqual(['1 collector is', '1 collector holds', 'Every twentieth request', 'The edges counted']);
  });

  it('that are over are none', () => expect(troubles(pipeline({ uncountedAt: 0 }), 3_600_000)).toEqual([]));
});
