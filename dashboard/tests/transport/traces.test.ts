import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createRouterTransport } from '@connectrpc/connect';
import { SpanKind, TraceOrder, TraceService, type ListTracesRequest } from '@gen/binnacle/aggregator/v1/trace_service_pb';
import { expect, it } from 'vitest';
import { EVERY_TRACE } from '../../src/state/traces/filter';
import { TraceBook } from '../../src/transport/traces';

const asked: ListTracesRequest[] = [];
const wire = createRouterTransport(({ service }) =>
  service(TraceService, {
    listTraces: (request) => {
      asked.push(request);
      return { traces: [{ traceId: 'a', time: timestampFromMs(5), durationMs: 7 }], nextPageToken: 'next' };
    },
    getTrace: () => ({
      summary: { traceId: 'a', time: timestampFromMs(1_000) },
      spans: [{ spanId: 'b', kind: SpanKind.CLIENT, attributes: { n: 1 }, events: [{ name: 'exception', time: timestampFromMs(1_020) }] }],
      moreLogs: true,
    }),
    getServiceMap: () => ({ nodes: [{ name: 'shop' }], fraction: 0.5 }),
  }),
);
const book = new TraceBook(wire);
const { signal } = new AbortController();

it('traces are asked for as the filter wants them', async () => {
  const page = await book.page({ ...EVERY_TRACE, least: 50, order: 'longest' }, [0, 1_000], 'token', signal);
  expect(page).toMatchObject({ rows: [{ id: 'a', at: 5, durationMs: 7 }], next: 'next' });
  expect(asked.at(-1)).toMatchObject({ order: TraceOrder.LONGEST, pageToken: 'token', filter: { minDurationMs: 50 } });
  expect(asked.at(-1)!.filter!.maxDurationMs).toBeUndefined();
});

it('what happened in a span is told by its distance from the start', async () => {
  const trace = await book.trace('a', signal);
  expect(trace.spans[0]).toMatchObject({ kind: 'client', attributes: { n: 1 }, events: [{ name: 'exception', offsetMs: 20 }] });
  expect(trace.moreLines).toBe(true);
});

it('a map of every other trace is an estimate', async () => expect(await book.map([0, 1], signal)).toMatchObject({ nodes: [{ name: 'shop', kind: 'external' }], estimated: true }));
