import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Paged, type Leaf } from '../../src/state/paged.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Numbers from a start on, two a page; the start moves with each first page. */
function counting(): Paged<string, number> {
  let start = 0;
  return new Paged((_question: string, token: string): Promise<Leaf<number>> => {
    if (token === '') start += 10;
    const from = token === '' ? start : Number(token);
    return Promise.resolve({ rows: [from, from + 1], next: from < start + 2 ? String(from + 2) : '' });
  });
}
const settled = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('an answer in pages', () => {
  it('grows by pages until there are no more', async () => {
    const paged = counting();
    const stop = paged.ask('all');
    await settled();
    expect([paged.rows, paged.hasMore]).toEqual([[10, 11], true]);
    await paged.more();
    expect([paged.rows, paged.hasMore]).toEqual([[10, 11, 12, 13], false]);
    stop();
  });

  it('is renewed as long as only its first page is shown', async () => {
    const paged = counting();
    const stop = paged.ask('all', 1_000);
    await settled();
    await settled(1_000);
    expect(paged.rows).toEqual([20, 21]);
    await paged.more();
    await settled(3_000);
    expect(paged.rows).toEqual([20, 21, 22, 23]);
    stop();
  });
});
