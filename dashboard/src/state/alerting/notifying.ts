/** Telling people: what was told, and the parts of a set-up while it is written. */
import { create } from '@bufbuild/protobuf';
import { durationFromMs, durationMs } from '@bufbuild/protobuf/wkt';
import {
  EscalationSchema,
  ReceiverSchema,
  RotationSchema,
  RouteSchema,
  type Escalation,
  type Notifiers,
  type Receiver,
  type Rotation,
  type Route,
} from '@gen/binnacle/notifications/v1/notifications_pb';
import { counted } from '../../design/format';
import { spanText } from './spans';

/** One attempt to tell a receiver something. */
export interface Delivery {
  readonly key: string;
  readonly at: number;
  readonly receiver: string;
  readonly kind: string;
  readonly reason: string;
  /** The first incident that it tells of; empty for a test. */
  readonly incident: string;
  readonly incidents: number;
  readonly title: string;
  readonly outcome: 'delivered' | 'tried again' | 'given up';
  readonly attempt: number;
  readonly detail: string;
  /** 0 where there is none. */
  readonly status: number;
  readonly mayBeRepeat: boolean;
  readonly nextAt: number | null;
}

export interface OnCall {
  readonly rotation: string;
  readonly person: string;
  readonly receivers: readonly string[];
  readonly until: number | null;
  readonly next: string;
}

/** Somebody who would be told. */
export interface Told {
  readonly afterMs: number;
  readonly receiver: string;
  readonly rotation: string;
  readonly person: string;
  readonly escalation: string;
}

export type ReceiverKind = NonNullable<Receiver['kind']['case']>;

export const RECEIVER_KINDS: readonly (readonly [ReceiverKind, string])[] = [
  ['email', 'E-mail'],
  ['slack', 'Slack'],
  ['webhook', 'Webhook'],
  ['pagerduty', 'PagerDuty'],
];

export function newReceiver(kind: ReceiverKind, id = ''): Receiver {
  return create(ReceiverSchema, { id, kind: { case: kind, value: {} } as never });
}

export function newRoute(tell: readonly string[]): Route {
  return create(RouteSchema, { tell: [...tell] });
}

export function newEscalation(tell: readonly string[]): Escalation {
  return create(EscalationSchema, { steps: [{ after: durationFromMs(15 * 60_000), tell: [...tell] }] });
}

export function newRotation(now: Date, timeZone: string): Rotation {
  return create(RotationSchema, { people: [{ name: '', receivers: [] }], days: 7, firstDay: now.toISOString().slice(0, 10), handOver: '09:00', timeZone });
}

/** Whom routes and steps can name: receivers, and whoever is on call. */
export function tellable({ receivers, rotations }: Notifiers): readonly string[] {
  return [...receivers, ...rotations].map(({ id }) => id).filter((id) => id !== '');
}

/** How a receiver is reached, without what is secret. */
export function reachedBy({ kind }: Receiver): string {
  switch (kind.case) {
    case 'email':
      return kind.value.to.join(', ');
    case 'slack':
      return kind.value.channel || 'its incoming webhook';
    case 'webhook':
      return kind.value.url;
    case 'pagerduty':
      return kind.value.url || 'events.pagerduty.com';
    default:
      return '';
  }
}

/** Labels as people write them, `service=shop host=web-1`. */
export function readLabels(text: string): Record<string, string> {
  const pairs = text.split(/[\s,]+/).map((pair) => pair.split(/=(.*)/s));
  return Object.fromEntries(pairs.flatMap(([name, value]) => (name && value !== undefined ? [[name, value.replaceAll('"', '')]] : [])));
}

/** A route in a line; `match` are its conditions. */
export function routeWords({ tell, escalation, routes }: Route, match: readonly string[]): string {
  const within = routes.length === 0 ? '' : `, ${counted(routes.length, 'route')} within`;
  return `${match.join(', ') || 'Every alert'}: ${tell.join(', ') || 'nobody'}${escalation === '' ? '' : `, then ${escalation}`}${within}`;
}

export function escalationWords({ id, steps, repeats }: Escalation): string {
  const told = steps.map(({ after, tell }) => `${tell.join(', ') || 'nobody'} after ${spanText(after ? durationMs(after) : 0)}`);
  return `${id || 'New'}: ${told.join(', ') || 'nobody'}${repeats === 0 ? '' : `, again ${counted(repeats, 'time')}`}`;
}

export function rotationWords({ id, people, days }: Rotation): string {
  return `${id || 'New'}: ${people.map(({ name }) => name || '?').join(', ') || 'nobody'}, ${counted(days || 7, 'day')} each`;
}

/** Receivers whom the newest attempt did not reach, the latest first; `rows` are newest first. */
export function notReached(rows: readonly Delivery[]): readonly Delivery[] {
  const newest = rows.filter(({ receiver }, place) => rows.findIndex((one) => one.receiver === receiver) === place);
  return newest.filter(({ outcome }) => outcome !== 'delivered');
}
