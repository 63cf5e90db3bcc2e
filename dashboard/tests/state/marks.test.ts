import { flushSync } from 'svelte';
import { expect, it, vi } from 'vitest';
import { Marks } from '../../src/state/marks.svelte';
import { fixed, last, type Range } from '../../src/state/range';

const CHANGE = { at: 7, text: 'shop 7.1', service: 'shop' };

it('knows nothing first, then what was changed; and asks again only where the time moves on', async () => {
  vi.useFakeTimers();
  const within = vi.fn(async (_: Range) => [CHANGE]);
  const marks = new Marks({ within });
  expect([marks.all, marks.known]).toEqual([[], false]);
  const stop = marks.within(fixed(0, 5_000));
  await vi.advanceTimersByTimeAsync(60_000);
  flushSync();
  expect([marks.all, marks.known]).toEqual([[CHANGE], true]);
  expect(within).toHaveBeenCalledTimes(1);
  stop();
  const end = marks.within(last(300));
  await vi.advanceTimersByTimeAsync(25_000);
  expect(within).toHaveBeenCalledTimes(4);
  end();
  vi.useRealTimers();
});
