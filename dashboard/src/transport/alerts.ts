import { createClient, type Client, type Transport } from '@connectrpc/connect';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { AlertService } from '@gen/binnacle/alerting/v1/alert_service_pb';
import * as wire from '@gen/binnacle/alerts/v1/alerts_pb';
import type { AlertCounts as WireCounts } from '@gen/binnacle/figures/v1/figures_pb';
import type { Alert, AlertCounts, AlertList, AlertSeverity, AlertState } from '../state/model';

/** More than anybody reads at once; how many there are stands beside them. */
export const ROWS = 50;

const SEVERITIES: Readonly<Partial<Record<wire.Severity, AlertSeverity>>> = {
  [wire.Severity.CRITICAL]: 'critical',
  [wire.Severity.WARNING]: 'warning',
};
const STATES: Readonly<Partial<Record<wire.AlertState, AlertState>>> = {
  [wire.AlertState.RESOLVED]: 'resolved',
  [wire.AlertState.PENDING]: 'pending',
  [wire.AlertState.KEEP_FIRING]: 'keep_firing',
  [wire.AlertState.NO_DATA]: 'no_data',
  [wire.AlertState.ERROR]: 'error',
};

/** Asks for alerts, and says that somebody is on one. Both raise ConnectError. */
export class AlertCalls {
  private readonly client: Client<typeof AlertService>;

  constructor(transport: Transport) {
    this.client = createClient(AlertService, transport);
  }

  /** The newest alerts that have not ended. */
  async list(signal: AbortSignal): Promise<AlertList> {
    const { alerts, total, counts } = await this.client.listAlerts({ active: true, pageSize: ROWS }, { signal });
    return {
      rows: alerts.map(decodeAlert),
      total,
      counts: decodeCounts(counts),
    };
  }

  /** Returns once it is on disk. */
  async acknowledge(id: string): Promise<void> {
    await this.client.acknowledgeAlert({ id });
  }
}

export function decodeCounts(counts: WireCounts | undefined): AlertCounts {
  const { firing = 0, critical = 0, pending = 0, resolved = 0 } = counts ?? {};
  return { firing, critical, pending, resolved };
}

export function decodeAlert(message: wire.Alert): Alert {
  const { acknowledgement: taken } = message;
  return {
    id: message.id,
    name: message.name || message.ruleId,
    severity: decodeSeverity(message.severity),
    state: STATES[message.state] ?? 'firing',
    service: message.service,
    group: inOneLine(message.labels, 'service'),
    summary: message.annotations['summary'] ?? '',
    runbook: message.runbookUrl,
    startedAt: message.startedAt ? timestampMs(message.startedAt) : 0,
    value: message.currentValue ?? NaN,
    threshold: message.threshold,
    acknowledgedBy: taken ? taken.person || 'somebody' : '',
    heldBack: message.silencedBy.length + message.inhibitedBy.length > 0,
  };
}

export function decodeSeverity(severity: wire.Severity): AlertSeverity {
  return SEVERITIES[severity] ?? 'info';
}

/** Labels in the order of their names, without one that stands elsewhere. */
export function inOneLine(labels: Readonly<Record<string, string>>, without = ''): string {
  return Object.entries(labels)
    .filter(([label]) => label !== without)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label} ${value}`)
    .join(' · ');
}
