import { create } from '@bufbuild/protobuf';
import { EscalationSchema, NotifiersSchema, RotationSchema, RouteSchema } from '@gen/binnacle/notifications/v1/notifications_pb';
import { expect, it } from 'vitest';
import { escalationWords, newReceiver, notReached, reachedBy, readLabels, RECEIVER_KINDS, rotationWords, routeWords, tellable, type Delivery } from '../../../src/state/alerting/notifying';

it('labels are read as people write them', () => expect(readLabels('service=shop, url="a=b"  lonely')).toEqual({ service: 'shop', url: 'a=b' }));

it.each(RECEIVER_KINDS)('a receiver can be of the kind %s', (kind) => expect(newReceiver(kind, 'ops').kind.case).toBe(kind));

it('routes lead to receivers and to whoever is on call', () => {
  const receivers = [newReceiver('email', 'ops'), newReceiver('slack')];
  expect(tellable(create(NotifiersSchema, { receivers, rotations: [{ id: 'weekly' }] }))).toEqual(['ops', 'weekly']);
  expect(reachedBy({ ...receivers[1]!, kind: { case: 'webhook', value: { $typeName: 'binnacle.notifications.v1.Webhook', url: 'https://x', secret: 'y', authorization: '' } } })).toBe('https://x');
});

it('what is set is told in a line each', () => {
  expect(routeWords(create(RouteSchema, { tell: ['ops'] }), [])).toBe('Every alert: ops');
  expect(routeWords(create(RouteSchema, { tell: ['ops', 'weekly'], escalation: 'up', routes: [{}] }), ['service=shop', 'team=a'])).toBe(
    'service=shop, team=a: ops, weekly, then up, 1 route within',
  );
  const steps = [{ after: { seconds: 900n }, tell: ['ops'] }, { after: { seconds: 3600n } }];
  expect(escalationWords(create(EscalationSchema, { id: 'up', steps, repeats: 2 }))).toBe('up: ops after 15m, nobody after 1h, again 2 times');
  expect(rotationWords(create(RotationSchema, { id: 'weekly', people: [{ name: 'Ann' }, { name: 'Bo' }], days: 1 }))).toBe('weekly: Ann, Bo, 1 day each');
  expect(rotationWords(create(RotationSchema))).toBe('New: nobody, 7 days each');
});

it('whom the newest attempt did not reach is told, not whom an older one did not', () => {
  const row = (receiver: string, outcome: Delivery['outcome'], at: number) => ({ receiver, outcome, at }) as Delivery;
  const rows = [row('ops', 'delivered', 5), row('chat', 'tried again', 4), row('ops', 'given up', 3), row('pager', 'given up', 2), row('chat', 'delivered', 1)];
  expect(notReached(rows).map(({ receiver }) => receiver)).toEqual(['chat', 'pager']);
});
