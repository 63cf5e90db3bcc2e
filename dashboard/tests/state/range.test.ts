import { describe, expect, it } from 'vitest';
import { ends, fixed, last, readRange, widened, writeRange, type Range } from '../../src/state/range';

const there = (range: Range): Range => {
  const params = new URLSearchParams();
  writeRange(range, params);
  return readRange(params, last(1));
};

describe('a range', () => {
  it('comes back from the address as it was', () => {
    for (const range of [last(300), last(2_592_000), last(10_800), last(43_200), last(1_234), last(3_600 * 36), fixed(1_000, 61_000)]) expect(there(range)).toEqual(range);
  });

  it('is the usual one where the address says nothing that makes sense', () => {
    for (const said of ['', 'last=soon', 'last=9s', 'last=32d', 'last=1e3s', 'last=0h', 'from=never&to=2026-01-01', 'from=2026-01-02&to=2026-01-01']) {
      expect(readRange(new URLSearchParams(said), last(300))).toEqual(last(300));
    }
  });

  it('is never shorter than a second', () => expect(ends(fixed(5_000.5, 5_001), 0)).toEqual([5_000, 6_000]));

  it('widens about its middle, and not beyond now', () => {
    expect(widened(fixed(100_000, 200_000), 1_000_000)).toEqual(fixed(50_000, 250_000));
    expect(widened(fixed(100_000, 200_000), 200_000)).toEqual(fixed(0, 200_000));
  });
});
