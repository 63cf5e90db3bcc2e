/** Made-up alerts for the bench; who acknowledges one is remembered until the page is loaded anew. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { AlertService } from '@gen/binnacle/alerting/v1/alert_service_pb';
import { AcknowledgementSchema, AlertSchema, AlertState, Severity, type Alert } from '@gen/binnacle/alerts/v1/alerts_pb';

type Rest = Exclude<MessageInitShape<typeof AlertSchema>, Alert>;

const MADE: readonly Alert[] = [
  alert('rate', 'Error rate over 5 %', Severity.CRITICAL, AlertState.FIRING, 340, {
    labels: { service: 'payments' },
    currentValue: 9.13,
    threshold: 5,
    annotations: { summary: '9.1 % of the requests of payments fail.' },
    runbookUrl: 'https://example.com/runbooks/payments',
  }),
  alert('beat', 'Heartbeat missing', Severity.WARNING, AlertState.FIRING, 4_200, {
    labels: { service: 'inventory' },
    currentValue: 4_320,
    threshold: 120,
    acknowledgement: { person: 'ada' },
  }),
  alert('disk', 'Disk fills up', Severity.WARNING, AlertState.KEEP_FIRING, 61_000, {
    labels: { host: 'pelorus', mount: '/var/lib/binnacle', zone: 'eu-west-1b' },
    currentValue: 91.27,
    threshold: 92,
  }),
  alert('queue', 'Orders wait', Severity.INFO, AlertState.PENDING, 12, {
    labels: { service: 'checkout', queue: 'orders' },
    currentValue: 18_204,
    threshold: 10_000,
  }),
  alert('score', 'Nightly import is silent', Severity.CRITICAL, AlertState.NO_DATA, 90_000, {}),
  alert('held', 'Latency over 2 s', Severity.WARNING, AlertState.FIRING, 900, {
    labels: { service: 'support-chat' },
    currentValue: 2.4,
    threshold: 2,
    silencedBy: ['s1'],
  }),
];

function alert(id: string, name: string, severity: Severity, state: AlertState, seconds: number, rest: Rest): Alert {
  const startedAt = timestampFromMs(Date.now() - seconds * 1000);
  return create(AlertSchema, { id, name, severity, state, service: rest.labels?.['service'] ?? '', startedAt, ...rest });
}

export function alerting({ service }: ConnectRouter): void {
  service(AlertService, {
    listAlerts: () => ({ alerts: [...MADE], total: 61, counts: { firing: 60, critical: 2, pending: 1, resolved: 14 } }),
    acknowledgeAlert: ({ id }) => {
      const found = MADE.find((made) => made.id === id);
      if (!found || id === 'score') throw new ConnectError('the alert has ended', Code.Aborted);
      found.acknowledgement = create(AcknowledgementSchema, { person: 'you' });
      return {};
    },
  });
}
