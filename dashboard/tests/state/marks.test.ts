import { flushSync } from 'svelte';
import { expect, it, vi } from 'vitest';
import { Marks } from '../../src/state/marks.svelte';
import { fixed, type Range } from '../../src/state/range';

const CHANGE = { at: 7, text: 'shop 7.1', service: 'shop' };

it('knows nothing first, then what was changed; a time that has passed is asked about again as well', async () => {
  vi.useFakeTimers();
  const within = vi.fn(async (_: Range) => [CHANGE]);
  const marks = new Marks({ within });
  expect([marks.all, marks.known]).toEqual([[], false]);
  const stop = marks.within(fixed(0, 5_000));
  await vi.advanceTimersByTimeAsync(1);
  flushSync();
  expect([marks.all, marks.known]).toEqual([[CHANGE], true]);
  await vi.advanceTimersByTimeAsync(25_000);
  expect(within).toHaveBeenCalledTimes(3);
  stop();
  await vi.advanceTimersByTimeAsync(25_000);
  expect(within).toHaveBeenCalledTimes(3);
  vi.useRealTimers();
});
