import type { LiveClient } from '@binnacle/client';
import { create } from '@bufbuild/protobuf';
import { createRouterTransport } from '@connectrpc/connect';
import { FigureService } from '@gen/binnacle/aggregator/v1/figure_service_pb';
import { QuestionSchema } from '@gen/binnacle/dashboards/v1/widgets_pb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fixed } from '../../../src/state/range';
import { Answers } from '../../../src/transport/dashboards/answers';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a fixed range is asked again, so that what came late is shown, until nobody looks', async () => {
  let orders = 0;
  const transport = createRouterTransport(({ service }) => service(FigureService, { getFigure: () => ({ metric: 'purchases', series: [{ value: (orders += 1) }] }) }));
  const told: (number | null | undefined)[] = [];
  const question = create(QuestionSchema, { kind: { case: 'figures', value: { names: ['purchases'] } } });
  const stop = new Answers({} as LiveClient, transport).show(
    { question, range: fixed(0, 60_000), refreshMs: 1000, pixels: 300, legend: '' },
    { answer: ({ lines }) => told.push(lines[0]?.whole), fault: ({ advice }) => expect.unreachable(advice) },
  );
  await vi.advanceTimersByTimeAsync(1000);
  expect(told).toEqual([1]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual([1, 2]);
  stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(told).toEqual([1, 2]);
});
