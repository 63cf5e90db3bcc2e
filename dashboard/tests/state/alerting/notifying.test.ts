import { create } from '@bufbuild/protobuf';
import { NotifiersSchema } from '@gen/binnacle/notifications/v1/notifications_pb';
import { expect, it } from 'vitest';
import { newReceiver, reachedBy, readLabels, RECEIVER_KINDS, tellable } from '../../../src/state/alerting/notifying';

it('labels are read as people write them', () => expect(readLabels('service=shop, url="a=b"  lonely')).toEqual({ service: 'shop', url: 'a=b' }));

it.each(RECEIVER_KINDS)('a receiver can be of the kind %s', (kind) => expect(newReceiver(kind, 'ops').kind.case).toBe(kind));

it('routes lead to receivers and to whoever is on call', () => {
  const receivers = [newReceiver('email', 'ops'), newReceiver('slack')];
  expect(tellable(create(NotifiersSchema, { receivers, rotations: [{ id: 'weekly' }] }))).toEqual(['ops', 'weekly']);
  expect(reachedBy({ ...receivers[1]!, kind: { case: 'webhook', value: { $typeName: 'binnacle.notifications.v1.Webhook', url: 'https://x', secret: 'y', authorization: '' } } })).toBe('https://x');
});
