/** Who is told, whether it arrives, and what became of it. All raise ConnectError. */
import { durationMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { NotifierService } from '@gen/binnacle/alerting/v1/notifier_service_pb';
import { Severity } from '@gen/binnacle/alerts/v1/alerts_pb';
import {
  Delivery_Outcome as Outcome,
  Delivery_Reason as Reason,
  type Delivery as WireDelivery,
  type Notifiers,
  type Receiver,
  type SmtpServer,
} from '@gen/binnacle/notifications/v1/notifications_pb';
import type { Delivery, OnCall, Told } from '../../state/alerting/notifying';
import { milliseconds } from '../decode';

const OUTCOMES: Readonly<Partial<Record<Outcome, Delivery['outcome']>>> = { [Outcome.DELIVERED]: 'delivered', [Outcome.RETRYING]: 'tried again' };
const DAY_MS = 86_400_000;

export interface SetUp {
  readonly notifiers: Notifiers | undefined;
  readonly onCall: readonly OnCall[];
}

export interface DeliveryPage {
  /** Newest first. */
  readonly rows: readonly Delivery[];
  readonly next: string;
}

export class NotifierDesk {
  private readonly client;

  constructor(transport: Transport) {
    this.client = createClient(NotifierService, transport);
  }

  async setUp(signal: AbortSignal): Promise<SetUp> {
    const { notifiers, onCall } = await this.client.getNotifiers({}, { signal });
    return {
      notifiers,
      onCall: onCall.map(({ rotationId, person, receivers, untilTime, nextPerson }) => ({
        rotation: rotationId,
        person,
        receivers,
        until: milliseconds(untilTime),
        next: nextPerson,
      })),
    };
  }

  async save(notifiers: Notifiers): Promise<Notifiers | undefined> {
    return (await this.client.setNotifiers({ notifiers })).notifiers;
  }

  /** Identities of receivers that a rule can call. */
  async webhooks(signal: AbortSignal): Promise<readonly string[]> {
    const { notifiers } = await this.client.getNotifiers({}, { signal });
    return (notifiers?.receivers ?? []).filter(({ kind }) => kind.case === 'webhook').map(({ id }) => id);
  }

  /** Sends a test as this receiver is written now, and waits for what comes of it. */
  async test(receiver: Receiver, smtp: SmtpServer | undefined): Promise<Delivery | null> {
    const { delivery } = await this.client.testNotifier({ receiver, ...(smtp && { smtp }) });
    return delivery ? decodeDelivery(delivery) : null;
  }

  /** Who would be told of a critical alert with these labels, if nobody acknowledged it. */
  async told(labels: Record<string, string>, signal: AbortSignal): Promise<readonly Told[]> {
    const { notifications } = await this.client.previewNotifications({ labels, severity: Severity.CRITICAL }, { signal });
    return notifications.map(({ after, receiverId, rotationId, person, escalationId }) => ({
      afterMs: after ? durationMs(after) : 0,
      receiver: receiverId,
      rotation: rotationId,
      person,
      escalation: escalationId,
    }));
  }

  /** Attempts of the last day. */
  async deliveries(receiverId: string, next: string, signal: AbortSignal): Promise<DeliveryPage> {
    const startTime = timestampFromMs(Date.now() - DAY_MS);
    const { deliveries, nextPageToken } = await this.client.listDeliveries({ receiverId, pageToken: next, startTime }, { signal });
    return { rows: deliveries.map(decodeDelivery), next: nextPageToken };
  }
}

function decodeDelivery(message: WireDelivery): Delivery {
  const { key, time, receiverId, kind, reason, incidentIds, incidents, title, outcome, attempt, detail, status, mayBeRepeat, nextTime } = message;
  return {
    key,
    at: milliseconds(time) ?? 0,
    receiver: receiverId,
    kind,
    reason: Reason[reason]?.toLowerCase() ?? '',
    incident: reason === Reason.TEST ? '' : (incidentIds[0] ?? ''),
    incidents,
    title,
    outcome: OUTCOMES[outcome] ?? 'given up',
    attempt,
    detail,
    status,
    mayBeRepeat,
    nextAt: milliseconds(nextTime),
  };
}
