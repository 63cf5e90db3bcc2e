/** What happened to alerts, as it was recorded: events of the type `alert`, kept as long as events are. */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { EventService } from '@gen/binnacle/aggregator/v1/event_service_pb';
import type { HistoryStep } from '../../state/alerting/model';
import type { AlertSeverity } from '../../state/model';
import { inOneLine } from '../alerts';
import { milliseconds } from '../decode';

/** More than anybody reads; the newest are told. */
export const MOST_STEPS = 1_000;

export class AlertHistory {
  private readonly client;

  constructor(transport: Transport) {
    this.client = createClient(EventService, transport);
  }

  /** The newest steps within a stretch, newest first; of one rule where it is named. */
  async steps(ruleId: string, [from, to]: readonly [number, number], signal: AbortSignal): Promise<readonly HistoryStep[]> {
    const attributes = ruleId ? [{ path: ['rule_id'], value: { case: 'text' as const, value: ruleId } }] : [];
    const filter = { types: ['alert'], startTime: timestampFromMs(from), endTime: timestampFromMs(to), attributes };
    const { events } = await this.client.searchEvents({ filter, pageSize: MOST_STEPS }, { signal });
    return events.flatMap(({ time, data }) => (data ? (stepOf(milliseconds(time) ?? 0, data) ?? []) : []));
  }
}

/** Null for an event that somebody else has sent under this type. */
export function stepOf(at: number, data: JsonObject): HistoryStep | null {
  const text = (name: string): string => (typeof data[name] === 'string' ? data[name] : '');
  const [alertId, ruleId, what] = [text('alert_id'), text('rule_id'), text('what')];
  if (!alertId || !what) return null;
  const course = objectOf(data['alert']);
  return {
    at,
    alertId,
    ruleId,
    what,
    name: text('name') || ruleId,
    group: inOneLine(objectOf(data['labels']) as Record<string, string>),
    severity: (text('severity') || 'info') as AlertSeverity,
    value: numberOf(data['value']),
    threshold: numberOf(data['threshold']),
    person: text('person'),
    comment: text('comment'),
    startedAt: timeOf(course['started_at']),
    firedAt: timeOf(course['fired_at']),
  };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function numberOf(value: JsonValue | undefined): number | null {
  return typeof value === 'number' ? value : null;
}

function timeOf(value: JsonValue | undefined): number | null {
  return typeof value === 'number' ? value * 1000 : null;
}
