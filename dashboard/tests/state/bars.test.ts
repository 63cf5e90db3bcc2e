import { describe, expect, it } from 'vitest';
import { barsOf } from '../../src/state/bars';

describe('bars', () => {
  const bars = barsOf([0, 60], [
    { name: 'error', counts: [1, 0], total: 1, ink: 'red' },
    { name: 'info', counts: [3, 1], total: 4, ink: 'blue' },
  ]);

  it('stand on the first', () =>
    expect(bars[0]!.parts).toEqual([
      { name: 'error', ink: 'red', from: 0, to: 0.25 },
      { name: 'info', ink: 'blue', from: 0.25, to: 1 },
    ]));
  it('are as high as their counts beside the most', () => expect(bars[1]).toMatchObject({ total: 1, parts: [{ name: 'info', from: 0, to: 0.25 }] }));
});
