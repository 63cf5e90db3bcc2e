import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { poll, type Polling } from '../../src/transport/polling';

let asked = 0;
let polling: Polling;

/** Asks a server that takes a while; each answer whose number is in `failing` is an error. */
function asking(takesMs: number, failing: readonly number[] = [], everyMs = 1000): void {
  asked = 0;
  polling = poll(async () => {
    asked += 1;
    const number = asked;
    await new Promise((resolve) => setTimeout(resolve, takesMs));
    if (failing.includes(number)) throw new Error('no answer');
  }, everyMs);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  polling.stop();
  vi.useRealTimers();
});

it('asks at once, and again a while after each answer, also after a failure', async () => {
  asking(100, [2]);
  await vi.advanceTimersByTimeAsync(1050);
  expect(asked).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(1100);
  expect(asked).toBe(3);
});

it('asks sooner again what could not be asked, where the next turn is far', async () => {
  asking(0, [1], 60_000);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(50_000);
  expect(asked).toBe(2);
});

it('asks once more after the answer that is on its way, however often it is told to', async () => {
  asking(100);
  polling.again();
  polling.again();
  polling.again();
  expect(asked).toBe(1);
  await vi.advanceTimersByTimeAsync(150);
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(900);
  expect(asked).toBe(2);
});

it('asks at once where nothing is on its way, and begins to wait anew', async () => {
  asking(0);
  await vi.advanceTimersByTimeAsync(900);
  polling.again();
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(900);
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(200);
  expect(asked).toBe(3);
});

it('asks nothing any more once it is stopped', async () => {
  asking(100);
  polling.again();
  polling.stop();
  polling.again();
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toBe(1);
});
