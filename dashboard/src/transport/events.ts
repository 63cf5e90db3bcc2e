/** Events as the page has them, with all they tell. */
import type { LiveClient } from '@binnacle/client';
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { EventService, GetEventHistogramRequest_Split as Split } from '@gen/binnacle/aggregator/v1/event_service_pb';
import type { Event } from '@gen/binnacle/events/v1/events_pb';
import type { EventFilterSchema } from '@gen/binnacle/query/v1/filters_pb';
import { UNLISTED, type EventFilter } from '../state/events/filter';
import { canonical, type EventRow } from '../state/events/rows';
import { textFinder } from '../state/logs/filter';
import type { Ends } from '../state/range';
import type { Page, TailSource } from '../state/tail.svelte';
import { wireConditions } from './conditions';
import { decodeCounts, type Counts } from './counts';
import { detail, milliseconds } from './decode';

type WireFilter = MessageInitShape<typeof EventFilterSchema>;

export class EventBook {
  private readonly events;

  constructor(wire: Transport) {
    this.events = createClient(EventService, wire);
  }

  /** The newest events, or those a former page led to. */
  async page(filter: EventFilter, within: Ends, older: string, size: number, signal: AbortSignal): Promise<Page<EventRow>> {
    const asked = { filter: wireEventFilter(filter, within), pageToken: older, pageSize: size };
    const { events, nextPageToken } = await this.events.searchEvents(asked, { signal });
    return { rows: events.map(eventRow), older: nextPageToken };
  }

  /** Counts by type of all that the filter finds but for its types, requests too. */
  async counts(filter: EventFilter, within: Ends, signal: AbortSignal): Promise<Counts> {
    const wanted = { ...wireEventFilter(filter, within), types: [], withoutTypes: [] };
    const { histogram } = await this.events.getEventHistogram({ filter: wanted, split: Split.TYPE }, { signal });
    return decodeCounts(histogram);
  }
}

/** Events as a list that grows. */
export function eventSource(live: LiveClient, book: EventBook): TailSource<EventFilter, EventRow> {
  return {
    page: (...asked) => book.page(...asked),
    follow: (filter, told) => {
      const found = textFinder(filter.text);
      const { types, services, users, sessions, conditions } = filter;
      const events = { types: [...types], services: [...services], userIds: [...users], sessionIds: [...sessions], attributes: wireConditions(conditions) };
      const subscription = live.subscribe(
        { events },
        {
          begins: (resumed) => (resumed ? undefined : told.missed()),
          events: (all) => told.rows(all.flatMap(({ event }) => (event ? [eventRow(event)] : [])).filter(({ data }) => found(JSON.stringify(data))), 0),
          error: (error) => told.error(error),
        },
      );
      return () => subscription.close();
    },
  };
}

/** A filter as the wire has it. */
export function wireEventFilter({ types, services, users, sessions, text, conditions }: EventFilter, [from, to]: Ends): WireFilter {
  return {
    startTime: timestampFromMs(from),
    endTime: timestampFromMs(to),
    types: [...types],
    withoutTypes: types.length > 0 ? [] : [UNLISTED],
    services: [...services],
    userIds: [...users],
    sessionIds: [...sessions],
    text,
    attributes: wireConditions(conditions),
  };
}

export function eventRow({ time, type, service, userId: user, sessionId: session, data = {} }: Event): EventRow {
  const key = [time?.seconds, time?.nanos, type, service, user, session, canonical(data)].join('\u0000');
  return { key, id: null, at: milliseconds(time) ?? 0, type, service, user, session, data, detail: detail(data), traceId: traceOf(data) };
}

function traceOf({ trace_id: named }: JsonObject): string {
  return typeof named === 'string' && /^[0-9a-f]{32}$/i.test(named) ? named.toLowerCase() : '';
}
