import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { IntakeWarningService } from '@gen/binnacle/aggregator/v1/intake_warning_service_pb';
import { afterEach, expect, it, vi } from 'vitest';
import type { Refusal } from '../../src/state/model';
import { intakeWarningClient } from '../../src/transport/client';
import { pollRefusals } from '../../src/transport/refusals';

const WARNING = {
  kind: 'events',
  field: 'events.type',
  reason: 'rule',
  description: 'must be short',
  source: 'shop',
  sample: 'type "a b"',
  count: 7,
  lastTime: timestampFromMs(1500),
};

let stop = (): void => {};

/** Asks a server whose nth answer is an error where `failing` holds n. */
function polling(failing: readonly number[] = []): { answers: (readonly Refusal[])[]; asked: () => number } {
  let asked = 0;
  const transport = createRouterTransport(({ service }) =>
    service(IntakeWarningService, {
      listIntakeWarnings() {
        asked += 1;
        if (failing.includes(asked)) throw new ConnectError('away', Code.Unavailable);
        return { warnings: [WARNING] };
      },
    }),
  );
  const answers: (readonly Refusal[])[] = [];
  stop = pollRefusals({ client: intakeWarningClient(transport), onRows: (rows) => answers.push(rows), everyMs: 1000 });
  return { answers, asked: () => asked };
}

afterEach(() => {
  stop();
  vi.useRealTimers();
});

it('asks at once and then again and again', async () => {
  vi.useFakeTimers();
  const { answers } = polling();
  await vi.advanceTimersByTimeAsync(100);
  expect(answers).toHaveLength(1);
  const { kind, field, description, source, sample, count } = WARNING;
  expect(answers[0]).toEqual([{ kind, field, description, source, sample, count, lastAt: 1500 }]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(answers).toHaveLength(3);
});

it('asks again after a failure', async () => {
  vi.useFakeTimers();
  const { answers, asked } = polling([1, 2]);
  await vi.advanceTimersByTimeAsync(2100);
  expect(asked()).toBe(3);
  expect(answers).toHaveLength(1);
});

it('stops for good', async () => {
  vi.useFakeTimers();
  const { asked } = polling();
  await vi.advanceTimersByTimeAsync(100);
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked()).toBe(1);
});
