import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createRouterTransport } from '@connectrpc/connect';
import { NotifierService } from '@gen/binnacle/alerting/v1/notifier_service_pb';
import { Delivery_Outcome as Outcome, Delivery_Reason as Reason, SmtpServerSchema } from '@gen/binnacle/notifications/v1/notifications_pb';
import { expect, it } from 'vitest';
import { newReceiver } from '../../../src/state/alerting/notifying';
import { NotifierDesk } from '../../../src/transport/alerting/notifiers';

const NEVER = new AbortController().signal;

it('tests a receiver as it is written, with the mail server beside it', async () => {
  const asked: unknown[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(NotifierService, {
      testNotifier: ({ receiver, smtp }) => {
        asked.push([receiver?.id, smtp?.host]);
        return { delivery: { outcome: Outcome.GIVEN_UP, reason: Reason.TEST, detail: 'no such mailbox', status: 550, incidentIds: ['test-1'], time: timestampFromMs(1_000) } };
      },
    }),
  );
  const tested = await new NotifierDesk(transport).test(newReceiver('email', 'ops'), create(SmtpServerSchema, { host: 'mail' }));
  expect(asked).toEqual([['ops', 'mail']]);
  expect(tested).toMatchObject({ outcome: 'given up', reason: 'test', detail: 'no such mailbox', status: 550, incident: '' });
});

it('tells who would be told, whom a rule can call, and what was sent', async () => {
  const transport = createRouterTransport(({ service }) =>
    service(NotifierService, {
      previewNotifications: ({ labels }) => ({ notifications: [{ after: durationFromMs(900_000), receiverId: 'pager', rotationId: 'weekly', person: labels['service'] ?? '' }] }),
      getNotifiers: () => ({ notifiers: { receivers: [newReceiver('webhook', 'repair'), newReceiver('slack', 'chat')] } }),
      listDeliveries: ({ receiverId }) => ({
        deliveries: [{ receiverId, outcome: Outcome.RETRYING, reason: Reason.OPENED, incidentIds: ['i1'], incidents: 2, nextTime: timestampFromMs(5_000), mayBeRepeat: true }],
        nextPageToken: 'older',
      }),
    }),
  );
  const desk = new NotifierDesk(transport);
  expect(await desk.told({ service: 'shop' }, NEVER)).toEqual([{ afterMs: 900_000, receiver: 'pager', rotation: 'weekly', person: 'shop', escalation: '' }]);
  expect(await desk.webhooks(NEVER)).toEqual(['repair']);
  const { rows, next } = await desk.deliveries('pager', '', NEVER);
  expect(next).toBe('older');
  expect(rows[0]).toMatchObject({ receiver: 'pager', outcome: 'tried again', incident: 'i1', incidents: 2, nextAt: 5_000, mayBeRepeat: true });
});
