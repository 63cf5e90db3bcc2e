import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Asked } from '../../src/state/asked.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Answers each question with itself and how often anything was asked; the nth fails where `failing` holds n. */
function asked(failing: readonly number[] = []): Asked<string, string> {
  let turn = 0;
  return new Asked(async (question) => {
    turn += 1;
    if (failing.includes(turn)) throw new ConnectError('gone', Code.Unavailable);
    return `${question} ${turn}`;
  });
}

describe('what is asked', () => {
  it('is asked again until it is stopped', async () => {
    const one = asked();
    const stop = one.ask('a', 1_000);
    await vi.advanceTimersByTimeAsync(0);
    expect(one.answer).toBe('a 1');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(one.answer).toBe('a 2');
    stop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(one.answer).toBe('a 2');
  });

  it('keeps its answer and says why there is no newer one', async () => {
    const one = asked([2]);
    const stop = one.ask('a', 1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([one.answer, one.fault?.title]).toEqual(['a 1', 'No answer']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([one.answer, one.fault]).toEqual(['a 3', null]);
    stop();
  });

  it('hears nothing of a question that was given up', async () => {
    const one = asked();
    one.ask('a')();
    await vi.advanceTimersByTimeAsync(0);
    expect(one.answer).toBeNull();
  });
});
