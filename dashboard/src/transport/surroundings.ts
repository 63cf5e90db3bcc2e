/** What happened about a moment: events, log lines, traces, and measurements that were kept with their trace. */
import { timestampFromMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { EventService, GetEventHistogramRequest_Split as Split } from '@gen/binnacle/aggregator/v1/event_service_pb';
import { TraceOrder, TraceService } from '@gen/binnacle/aggregator/v1/trace_service_pb';
import { tone } from '../state/event-tone';
import type { Question } from '../state/explore/question';
import { detail, milliseconds } from './decode';
import { matchersOf } from './questions';

export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** All services where there is none. */
  readonly services: readonly string[];
}

export interface Happening {
  readonly at: number;
  readonly type: string;
  readonly service: string;
  readonly detail: string;
}

/** A trace, or one measurement of one. */
export interface TraceRow {
  readonly traceId: string;
  readonly at: number;
  readonly what: string;
  readonly service: string;
  /** Milliseconds a trace took; null for a measurement. */
  readonly durationMs: number | null;
  /** What was measured; null for a trace. */
  readonly value: number | null;
  readonly failed: boolean;
}

const ROWS = 8;

export class Surroundings {
  private readonly events;
  private readonly traces;

  constructor(wire: Transport) {
    this.events = createClient(EventService, wire);
    this.traces = createClient(TraceService, wire);
  }

  /** The newest trouble and changes; where there is neither, the newest events but requests, which the figures show. */
  async happenings(stretch: Stretch, signal: AbortSignal): Promise<readonly Happening[]> {
    const filter = within(stretch);
    const { histogram } = await this.events.getEventHistogram({ filter, split: Split.TYPE }, { signal });
    const types = (histogram?.series ?? []).map(({ name }) => name).filter((type) => type !== 'request');
    const telling = types.filter((type) => tone(type) !== 'plain');
    if (types.length === 0) return [];
    const asked = { filter: { ...filter, types: telling.length > 0 ? telling : types }, pageSize: ROWS };
    const { events } = await this.events.searchEvents(asked, { signal });
    return events.map(({ time, type, service, data }) => ({ at: milliseconds(time) ?? 0, type, service, detail: data ? detail(data) : '' }));
  }

  /** The longest traces. */
  async longest(stretch: Stretch, signal: AbortSignal): Promise<readonly TraceRow[]> {
    const { traces } = await this.traces.listTraces({ filter: within(stretch), order: TraceOrder.LONGEST, pageSize: ROWS }, { signal });
    return traces.map(({ traceId, time, operation, service, durationMs, failedSpanCount }) => ({
      traceId,
      at: milliseconds(time) ?? 0,
      what: operation,
      service,
      durationMs,
      value: null,
      failed: failedSpanCount > 0,
    }));
  }

  /** Measurements of a metric that senders kept with the trace they belong to, the greatest first. */
  async exemplars(question: Question, stretch: Stretch, signal: AbortSignal): Promise<readonly TraceRow[]> {
    const { metric } = question;
    const ends = { startTime: timestampFromMs(stretch.from), endTime: timestampFromMs(stretch.to) };
    const { exemplars } = await this.traces.listExemplars({ metric, matchers: matchersOf(question), ...ends, pageSize: 100 }, { signal });
    return exemplars
      .filter(({ traceId }) => traceId !== '')
      .toSorted((a, b) => b.value - a.value)
      .slice(0, ROWS)
      .map(({ traceId, time, labels, value }) => ({
        traceId,
        at: milliseconds(time) ?? 0,
        what: metric,
        service: labels['service'] ?? '',
        durationMs: null,
        value,
        failed: false,
      }));
  }
}

/** A filter of events or of spans: both begin alike. */
function within({ from, to, services }: Stretch): { startTime: Timestamp; endTime: Timestamp; services: string[] } {
  return { startTime: timestampFromMs(from), endTime: timestampFromMs(to), services: [...services] };
}
