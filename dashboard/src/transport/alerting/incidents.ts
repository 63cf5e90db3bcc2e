/** Incidents, and what people do about them. All raise ConnectError. */
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { IncidentService } from '@gen/binnacle/alerting/v1/incident_service_pb';
import { IncidentState, type Incident as WireIncident, type IncidentEntry } from '@gen/binnacle/incidents/v1/incidents_pb';
import type { Incident, IncidentStep, IncidentStory } from '../../state/alerting/incidents';
import { decodeSeverity } from '../alerts';
import { milliseconds } from '../decode';
import { spoken } from './alerts';

const STATES: Readonly<Partial<Record<IncidentState, Incident['state']>>> = {
  [IncidentState.ACKNOWLEDGED]: 'acknowledged',
  [IncidentState.RESOLVED]: 'resolved',
};

export interface IncidentFilter {
  readonly active: boolean;
  /** Found in title, labels, services or origins. */
  readonly text: string;
}

export interface IncidentPage {
  /** Newest first. */
  readonly rows: readonly Incident[];
  readonly total: number;
}

export class IncidentBook {
  private readonly client;

  constructor(transport: Transport) {
    this.client = createClient(IncidentService, transport);
  }

  async page({ active, text }: IncidentFilter, size: number, signal: AbortSignal): Promise<IncidentPage> {
    const { incidents, total } = await this.client.listIncidents({ active, text, pageSize: size }, { signal });
    return { rows: incidents.map(decodeIncident), total };
  }

  async story(id: string, signal: AbortSignal): Promise<IncidentStory> {
    const { incident, timeline } = await this.client.getIncident({ id }, { signal });
    // An incident is always told; the wire cannot say so.
    return { incident: decodeIncident(incident!), steps: timeline.map(entry) };
  }

  /** Returns once it is on disk; null: until the incident ends. */
  async acknowledge(id: string, comment: string, forMs: number | null): Promise<void> {
    await this.client.acknowledgeIncident({ id, comment, ...(forMs !== null && { ttl: durationFromMs(forMs) }) });
  }

  async resolve(id: string, comment: string, returnsAfterMs: number): Promise<void> {
    await this.client.resolveIncident({ id, comment, returnsAfter: durationFromMs(returnsAfterMs) });
  }
}

function decodeIncident(message: WireIncident): Incident {
  const { acknowledgement: taken, members, origins } = message;
  return {
    id: message.id,
    title: message.title,
    severity: decodeSeverity(message.severity),
    worst: decodeSeverity(message.worst),
    state: STATES[message.state] ?? 'open',
    startedAt: milliseconds(message.startedAt) ?? 0,
    endedAt: milliseconds(message.resolvedAt),
    labels: message.labels,
    services: message.services,
    size: message.size,
    active: message.active,
    members: members.map(({ alertId, ruleId, name, severity, service, since, until }) => ({
      alertId,
      ruleId,
      name,
      severity: decodeSeverity(severity),
      service,
      since: milliseconds(since) ?? 0,
      until: milliseconds(until),
    })),
    heldBack: message.heldBack,
    origins: origins.map(({ name, share, why }) => ({ name, share, why })),
    acknowledgement: taken ? spoken(taken, milliseconds(taken.expiresTime)) : null,
    reopened: message.reopened,
  };
}

function entry({ time, what, severity, count, person, comment }: IncidentEntry): IncidentStep {
  return { at: milliseconds(time) ?? 0, what, severity: decodeSeverity(severity), value: null, count, person, comment };
}
