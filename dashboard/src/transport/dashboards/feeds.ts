/** Events, log lines and alerts that stand on dashboards, by the selections that these have. */
import type { LiveClient } from '@binnacle/client';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { AlertService } from '@gen/binnacle/alerting/v1/alert_service_pb';
import { EventService } from '@gen/binnacle/aggregator/v1/event_service_pb';
import { LogService } from '@gen/binnacle/aggregator/v1/log_service_pb';
import type { AlertList } from '@gen/binnacle/dashboards/v1/widgets_pb';
import type { EventSelection, LogSelection } from '@gen/binnacle/live/v1/live_pb';
import type { WholeAlert } from '../../state/alerting/model';
import { UNLISTED } from '../../state/events/filter';
import type { EventRow } from '../../state/events/rows';
import { matcherText } from '../../state/explore/question';
import type { LogLine } from '../../state/logs/lines';
import type { TailSource } from '../../state/tail.svelte';
import { wholeAlert } from '../alerting/alerts';
import { eventRow } from '../events';
import { decodeLine, decodeLive } from '../logs';
import { matchersFrom } from '../questions';

const ALERTS = 200;

export function eventFeed(live: LiveClient, wire: Transport): TailSource<EventSelection, EventRow> {
  const calls = createClient(EventService, wire);
  return {
    page: async ({ types, services, userIds, sessionIds, attributes }, [from, to], older, size, signal) => {
      const withoutTypes = types.length > 0 ? [] : [UNLISTED];
      const filter = { startTime: timestampFromMs(from), endTime: timestampFromMs(to), types, withoutTypes, services, userIds, sessionIds, attributes };
      const { events, nextPageToken } = await calls.searchEvents({ filter, pageToken: older, pageSize: size }, { signal });
      return { rows: events.map(eventRow), older: nextPageToken };
    },
    follow: (selection, told) => {
      const subscription = live.subscribe(
        { events: selection },
        {
          begins: (resumed) => (resumed ? undefined : told.missed()),
          events: (all) => told.rows(all.flatMap(({ event }) => (event ? [eventRow(event)] : [])), 0),
          error: (error) => told.error(error),
        },
      );
      return () => subscription.close();
    },
  };
}

export function logView(live: LiveClient, wire: Transport): TailSource<LogSelection, LogLine> {
  const calls = createClient(LogService, wire);
  return {
    page: async ({ levels, services, text, attributes }, [from, to], older, size, signal) => {
      const words = text ? `"${text.replaceAll('"', ' ')}"` : '';
      const filter = { startTime: timestampFromMs(from), endTime: timestampFromMs(to), levels, services, text: words, attributes };
      const { lines, nextPageToken } = await calls.listLogs({ filter, pageToken: older, pageSize: size }, { signal });
      return { rows: lines.map(decodeLine), older: nextPageToken };
    },
    follow: (selection, told) => {
      const subscription = live.subscribe(
        { logs: selection },
        {
          begins: (resumed) => (resumed ? undefined : told.missed()),
          logLines: (lines, leftOut) => told.rows(lines.map(decodeLive), leftOut),
          error: (error) => told.error(error),
        },
      );
      return () => subscription.close();
    },
  };
}

export class AlertFeed {
  private readonly calls;

  constructor(wire: Transport) {
    this.calls = createClient(AlertService, wire);
  }

  async list({ severities, matchers, ended, silenced }: AlertList, signal: AbortSignal): Promise<readonly WholeAlert[]> {
    const match = matchersFrom(matchers).map(matcherText);
    const { alerts } = await this.calls.listAlerts({ active: !ended, audible: !silenced, match, pageSize: ALERTS }, { signal });
    return alerts.filter(({ severity }) => severities.length === 0 || severities.includes(severity)).map(wholeAlert);
  }
}
