import { afterEach, expect, it, vi } from 'vitest';
import type { Refusal } from '../../src/state/model';
import { pollRefusals } from '../../src/transport/refusals';

const SHOWN = {
  kind: 'events',
  field: 'events.type',
  description: 'must be short',
  source: 'shop',
  sample: 'type "a b"',
  count: 7,
};
const WARNING = { ...SHOWN, reason: 'rule', last_time: '1970-01-01T00:00:01.500Z' };

let stop = (): void => {};

/** Asks a server whose nth answer is an error where `failing` holds n. */
function polling(failing: readonly number[] = []): { answers: (readonly Refusal[])[]; asked: string[] } {
  const asked: string[] = [];
  const answers: (readonly Refusal[])[] = [];
  const ask = async (address: string | URL | Request): Promise<Response> => {
    asked.push(String(address));
    if (failing.includes(asked.length)) return new Response('', { status: 503 });
    return Response.json({ warnings: [WARNING], next_page_token: '' });
  };
  stop = pollRefusals({ origin: 'http://here', ask, onRows: (rows) => answers.push(rows), everyMs: 1000 });
  return { answers, asked };
}

afterEach(() => {
  stop();
  vi.useRealTimers();
});

it('asks at once and then again and again', async () => {
  vi.useFakeTimers();
  const { answers, asked } = polling();
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toEqual(['http://here/api/v1/intake-warnings?page_size=20']);
  expect(answers).toEqual([[{ ...SHOWN, lastAt: 1500 }]]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(answers).toHaveLength(3);
});

it('asks again after a failure', async () => {
  vi.useFakeTimers();
  const { answers, asked } = polling([1, 2]);
  await vi.advanceTimersByTimeAsync(2100);
  expect(asked).toHaveLength(3);
  expect(answers).toHaveLength(1);
});

it('stops for good', async () => {
  vi.useFakeTimers();
  const { asked } = polling();
  await vi.advanceTimersByTimeAsync(100);
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
});
