/** Alerts with all that is known of them, and what people do about them. All raise ConnectError. */
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { AlertService, type Explanation as WireExplanation } from '@gen/binnacle/alerting/v1/alert_service_pb';
import * as wire from '@gen/binnacle/alerts/v1/alerts_pb';
import type { Acknowledgement, AlertStory, Explanation, Step, WholeAlert } from '../../state/alerting/model';
import type { AlertFilter, SeverityChoice, StateChoice } from '../../state/alerting/place';
import { byStage } from '../../state/alerts';
import { pictureOf } from '../../state/explore/picture';
import { matcherText } from '../../state/explore/question';
import type { AlertCounts } from '../../state/model';
import { decodeAlert, decodeCounts, decodeSeverity, inOneLine } from '../alerts';
import { milliseconds } from '../decode';

export interface AlertPage {
  /** Those that go on first, then those that only threaten, then those that ended; newest first within each. */
  readonly rows: readonly WholeAlert[];
  /** How many there are on all pages. */
  readonly total: number;
  /** How many there are whatever was asked. */
  readonly counts: AlertCounts;
  /** Whether there are older ones. */
  readonly older: boolean;
}

const STATES: Readonly<Partial<Record<StateChoice, wire.AlertState>>> = {
  firing: wire.AlertState.FIRING,
  pending: wire.AlertState.PENDING,
  resolved: wire.AlertState.RESOLVED,
};
const SEVERITIES: Readonly<Record<Exclude<SeverityChoice, ''>, wire.Severity>> = {
  critical: wire.Severity.CRITICAL,
  warning: wire.Severity.WARNING,
  info: wire.Severity.INFO,
};

export class AlertBook {
  private readonly client;

  constructor(transport: Transport) {
    this.client = createClient(AlertService, transport);
  }

  /** At most `size` of what goes on, and of what has ended. */
  async page(filter: AlertFilter, size: number, signal: AbortSignal): Promise<AlertPage> {
    const ask = (state: StateChoice): Promise<AlertPage> => this.part({ ...filter, state }, size, signal);
    const [first, ...others] = await Promise.all(filter.state === 'all' ? [ask('active'), ask('resolved')] : [ask(filter.state)]);
    const pages = [first!, ...others];
    // What fires is listed however much is newer and only threatens.
    const firing = first!.older && ['active', 'all'].includes(filter.state) ? await ask('firing') : null;
    const rows = new Map([firing, ...pages].flatMap((page) => page?.rows ?? []).map((row) => [row.id, row]));
    return {
      rows: byStage([...rows.values()]),
      total: pages.reduce((sum, { total }) => sum + total, 0),
      counts: first!.counts,
      older: pages.some(({ older }) => older),
    };
  }

  /** Alerts of one state, newest first. */
  private async part(filter: AlertFilter, size: number, signal: AbortSignal): Promise<AlertPage> {
    const { state, severity, service, rule, incident, matchers, text, audible } = filter;
    const asked = {
      state: STATES[state] ?? wire.AlertState.UNSPECIFIED,
      active: state === 'active',
      severity: severity ? SEVERITIES[severity] : wire.Severity.UNSPECIFIED,
      ruleId: rule,
      incidentId: incident,
      match: matchers.map(matcherText),
      pageSize: size,
      service,
      text,
      audible,
    };
    const { alerts, total, counts, nextPageToken } = await this.client.listAlerts(asked, { signal });
    return { rows: alerts.map(wholeAlert), total, counts: decodeCounts(counts), older: nextPageToken !== '' };
  }

  async story(id: string, signal: AbortSignal): Promise<AlertStory> {
    const { alert, steps, explanation } = await this.client.getAlert({ id }, { signal });
    // An alert is always told; the wire cannot say so.
    return { alert: wholeAlert(alert!), steps: steps.map(step), explanation: explanation ? explained(explanation) : null };
  }

  /** Why a rule fires or does not, for each of its groups. */
  async explain(ruleId: string, signal: AbortSignal): Promise<readonly Explanation[]> {
    const { explanations } = await this.client.explainAlert({ ruleId }, { signal });
    return explanations.map(explained);
  }

  /** Returns once it is on disk; null: until the alert ends. */
  async acknowledge(id: string, comment: string, forMs: number | null): Promise<void> {
    await this.client.acknowledgeAlert({ id, comment, ...(forMs !== null && { ttl: durationFromMs(forMs) }) });
  }

  async resolve(id: string, comment: string, returnsAfterMs: number): Promise<void> {
    await this.client.resolveAlert({ id, comment, returnsAfter: durationFromMs(returnsAfterMs) });
  }
}

export function wholeAlert(message: wire.Alert): WholeAlert {
  const { acknowledgement: taken, resolution: ended } = message;
  return {
    ...decodeAlert(message),
    ruleId: message.ruleId,
    labels: message.labels,
    notes: Object.entries(message.annotations).filter(([name]) => name !== 'summary'),
    owner: message.owner,
    firedAt: milliseconds(message.firedAt),
    endedAt: milliseconds(message.resolvedAt),
    incidentId: message.incidentId,
    changedAt: milliseconds(message.changedAt) ?? 0,
    acknowledgement: taken ? spoken(taken, milliseconds(taken.expiresTime)) : null,
    resolution: ended ? spoken(ended, milliseconds(ended.returnsTime)) : null,
    silencedBy: message.silencedBy,
    inhibitedBy: message.inhibitedBy,
  };
}

export function step({ time, what, severity, value, person, comment }: wire.AlertStep): Step {
  return { at: milliseconds(time) ?? 0, what, severity: decodeSeverity(severity), value: value ?? null, person, comment };
}

/** What a person said. */
export function spoken({ person, comment, time }: wire.Acknowledgement | wire.Resolution, until: number | null): Acknowledgement {
  return { person: person || 'somebody', comment, at: milliseconds(time) ?? 0, until };
}

function explained(message: WireExplanation): Explanation {
  const { labels, state, text, judgedTime, value, threshold, parts, series, timesUnixMs } = message;
  return {
    group: inOneLine(labels),
    // A group that is well has no alert that could be inactive.
    state: state === wire.AlertState.INACTIVE ? 'quiet' : wire.AlertState[state].toLowerCase(),
    text,
    judgedAt: milliseconds(judgedTime),
    value: value ?? null,
    threshold: threshold ?? null,
    parts: parts.map(({ name, value: part }) => ({ name, value: part })),
    picture: pictureOfHour(series, timesUnixMs),
  };
}

function pictureOfHour(series: WireExplanation['series'], timesMs: readonly number[]): Explanation['picture'] {
  const [first, last] = [timesMs[0], timesMs.at(-1)];
  if (first === undefined || last === undefined || series.length === 0) return null;
  const stepMs = timesMs.length > 1 ? timesMs[1]! - first : 60_000;
  return pictureOf({ timesMs, now: series, earlier: [], stepMs, fromMs: first, toMs: last + stepMs, notices: [] });
}
