/** Traces as the page has them. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import {
  ServiceNode_Kind as Kind,
  SpanKind,
  TraceOrder,
  TraceService,
  type ServiceEdge,
  type ServiceNode,
  type Span as WireSpan,
  type TraceSummary as WireSummary,
} from '@gen/binnacle/aggregator/v1/trace_service_pb';
import type { SpanFilterSchema } from '@gen/binnacle/query/v1/filters_pb';
import type { Leaf } from '../state/paged.svelte';
import type { Ends } from '../state/range';
import type { TraceFilter } from '../state/traces/filter';
import type { Calls, NodeKind, ServiceMap } from '../state/traces/map';
import type { Span, Trace, TraceSummary } from '../state/traces/trace';
import { wireConditions } from './conditions';
import { milliseconds } from './decode';
import { decodeLine } from './logs';

const PAGE = 50;
const KINDS: Readonly<Record<Kind, NodeKind>> = {
  [Kind.UNSPECIFIED]: 'external',
  [Kind.SERVICE]: 'service',
  [Kind.DATABASE]: 'database',
  [Kind.QUEUE]: 'queue',
  [Kind.EXTERNAL]: 'external',
};
const SPAN_KINDS: Readonly<Record<SpanKind, string>> = {
  [SpanKind.UNSPECIFIED]: '',
  [SpanKind.INTERNAL]: 'internal',
  [SpanKind.SERVER]: 'server',
  [SpanKind.CLIENT]: 'client',
  [SpanKind.PRODUCER]: 'producer',
  [SpanKind.CONSUMER]: 'consumer',
};

export class TraceBook {
  private readonly traces;

  constructor(wire: Transport) {
    this.traces = createClient(TraceService, wire);
  }

  /** Traces of which a span is as the filter wants it, in its order. */
  async page(filter: TraceFilter, within: Ends, token: string, signal: AbortSignal): Promise<Leaf<TraceSummary>> {
    const order = filter.order === 'longest' ? TraceOrder.LONGEST : TraceOrder.NEWEST;
    const asked = { filter: wireSpanFilter(filter, within), order, pageSize: PAGE, pageToken: token };
    const { traces, nextPageToken } = await this.traces.listTraces(asked, { signal });
    return { rows: traces.map(summary), next: nextPageToken };
  }

  async trace(traceId: string, signal: AbortSignal): Promise<Trace> {
    const { summary: told, spans, logs, moreLogs } = await this.traces.getTrace({ traceId }, { signal });
    const start = milliseconds(told?.time) ?? 0;
    const known = told ? summary(told) : { id: traceId, service: '', operation: '', at: 0, durationMs: 0, spanCount: 0, failedCount: 0, services: [] };
    return { ...known, spans: spans.map((each) => span(each, start)), lines: logs.map(decodeLine), moreLines: moreLogs };
  }

  async map([from, to]: Ends, signal: AbortSignal): Promise<ServiceMap> {
    const asked = { startTime: timestampFromMs(from), endTime: timestampFromMs(to) };
    const { nodes, edges, fraction } = await this.traces.getServiceMap(asked, { signal });
    return {
      nodes: nodes.map((node) => ({ name: node.name, kind: KINDS[node.kind], ...calls(node) })),
      edges: edges.map((edge) => ({ caller: edge.caller, callee: edge.callee, ...calls(edge) })),
      estimated: fraction < 1,
    };
  }
}

/** A filter as the wire has it. */
export function wireSpanFilter(filter: TraceFilter, [from, to]: Ends): MessageInitShape<typeof SpanFilterSchema> {
  const { services, operations, least, most, failed, root, conditions } = filter;
  return {
    startTime: timestampFromMs(from),
    endTime: timestampFromMs(to),
    services: [...services],
    operations: [...operations],
    ...(least !== null && { minDurationMs: least }),
    ...(most !== null && { maxDurationMs: most }),
    failed,
    root,
    attributes: wireConditions(conditions),
  };
}

function summary({ traceId, service, operation, time, durationMs, spanCount, failedSpanCount, services }: WireSummary): TraceSummary {
  return { id: traceId, service, operation, at: milliseconds(time) ?? 0, durationMs, spanCount, failedCount: failedSpanCount, services };
}

function span(told: WireSpan, start: number): Span {
  const { spanId: id, depth, orphan, operation, service, offsetMs, durationMs, selfMs, failed, statusMessage: status, attributes = {} } = told;
  const events = told.events.map(({ name, time, attributes: own = {} }) => ({ name, offsetMs: (milliseconds(time) ?? start) - start, attributes: own }));
  const links = told.links.map(({ traceId, spanId }) => ({ traceId, spanId }));
  return { id, depth, orphan, operation, service, kind: SPAN_KINDS[told.kind], offsetMs, durationMs, selfMs, failed, status, attributes, events, links };
}

function calls({ calls: made, errors, p50Ms: p50, p95Ms: p95 }: ServiceNode | ServiceEdge): Calls {
  return { calls: made, errors, p50, p95 };
}
