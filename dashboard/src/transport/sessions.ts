/** Sessions and people as the page has them. */
import { timestampFromMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { AudienceService } from '@gen/binnacle/aggregator/v1/audience_service_pb';
import {
  FunnelActor,
  SessionService,
  type FunnelStepFigures,
  type Session as WireSession,
  type SessionFigures as WireFigures,
  type StoryEntry as WireEntry,
} from '@gen/binnacle/aggregator/v1/session_service_pb';
import { EventCondition_Operator as Operator } from '@gen/binnacle/query/v1/query_pb';
import type { Comparison } from '../state/conditions';
import { tone } from '../state/event-tone';
import type { Leaf } from '../state/paged.svelte';
import type { Ends } from '../state/range';
import { fieldOf, stepText, type Funnel, type FunnelAnswer, type StepFigures } from '../state/sessions/funnel';
import type { Cohort, Feature, Retention, Session, SessionFigures, SessionFilter, StoryEntry } from '../state/sessions/sessions';
import { milliseconds } from './decode';
import { eventRow } from './events';
import { levelName } from './logs';

const PAGE = 50;
const ENTRIES = 200;
const FEATURES = 20;
const GROUPS = 8;
const OPERATORS: Readonly<Record<Comparison, Operator>> = {
  '=': Operator.EQUAL,
  '!=': Operator.NOT_EQUAL,
  '<': Operator.LESS,
  '<=': Operator.AT_MOST,
  '>': Operator.GREATER,
  '>=': Operator.AT_LEAST,
  exists: Operator.PRESENT,
  absent: Operator.ABSENT,
};

/** What a session or a person did, a page of it. */
export interface Story extends Leaf<StoryEntry> {
  readonly sessions: readonly Session[];
}

export interface FiguresBeside {
  readonly now: SessionFigures;
  /** Of the range as long before. */
  readonly before: SessionFigures;
}

export class SessionBook {
  private readonly sessions;
  private readonly audience;

  constructor(wire: Transport) {
    this.sessions = createClient(SessionService, wire);
    this.audience = createClient(AudienceService, wire);
  }

  async figures(service: string, within: Ends, signal: AbortSignal): Promise<FiguresBeside> {
    const earlierSeconds = Math.round((within[1] - within[0]) / 1000);
    const { figures: now, earlier: before } = await this.sessions.getSessionFigures({ ...times(within), service, earlierSeconds }, { signal });
    return { now: figures(now), before: figures(before) };
  }

  /** Those last active first. */
  async page({ active, errors, feature, service }: SessionFilter, within: Ends, token: string, signal: AbortSignal): Promise<Leaf<Session>> {
    const asked = { ...times(within), activeOnly: active, errorsOnly: errors, feature, service, pageSize: PAGE, pageToken: token };
    const { sessions, nextPageToken } = await this.sessions.listSessions(asked, { signal });
    return { rows: sessions.map(session), next: nextPageToken };
  }

  async features(service: string, within: Ends, signal: AbortSignal): Promise<readonly Feature[]> {
    const { features } = await this.sessions.getFeatureUsage({ ...times(within), service, limit: FEATURES }, { signal });
    return features.map(({ feature: name, uses, users, sessions }) => ({ name, uses, users, sessions }));
  }

  /** What happened in a session, oldest first. */
  async session(sessionId: string, token: string, signal: AbortSignal): Promise<Story> {
    const told = await this.sessions.getSession({ sessionId, pageSize: ENTRIES, pageToken: token }, { signal });
    return { sessions: told.session ? [session(told.session)] : [], rows: told.entries.map(entry), next: told.nextPageToken };
  }

  /** What a person did within a range, oldest first. */
  async user(userId: string, within: Ends, token: string, signal: AbortSignal): Promise<Story> {
    const told = await this.sessions.getUserStory({ ...times(within), userId, pageSize: ENTRIES, pageToken: token }, { signal });
    return { sessions: told.sessions.map(session), rows: told.entries.map(entry), next: told.nextPageToken };
  }

  async funnel({ steps, windowSeconds, actor, by }: Funnel, within: Ends, signal: AbortSignal): Promise<FunnelAnswer> {
    const asked = {
      ...times(within),
      steps: steps.map((step) => ({ name: stepText(step).slice(0, 100), type: step.type, conditions: step.condition ? [wireCondition(step.condition)] : [] })),
      windowSeconds,
      actor: actor === 'user' ? FunnelActor.USER : FunnelActor.SESSION,
      breakdown: by ? fieldOf(by) : '',
      breakdownLimit: by ? GROUPS : 0,
    };
    const { steps: told, groups, conversionRate: conversion, medianSeconds } = await this.sessions.getFunnel(asked, { signal });
    return {
      steps: told.map(stepFigures),
      groups: groups.map(({ value, rest, steps: own }) => ({ value: rest ? 'all others' : value || 'untold', steps: own.map(stepFigures) })),
      conversion,
      medianSeconds,
    };
  }

  /** Who came first in which period, and came back; oldest first. Periods are days of the reader. */
  async retention(asked: Retention, within: Ends, signal: AbortSignal): Promise<readonly Cohort[]> {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const question = { ...times(within), periodSeconds: asked.days * 86_400, timeZone, firstType: asked.first, returnType: asked.back };
    const { cohorts } = await this.audience.getUserRetention(question, { signal });
    return cohorts.map(({ time, users, returned }) => ({ at: milliseconds(time) ?? 0, users, returned }));
  }
}

function times([from, to]: Ends): { startTime: Timestamp; endTime: Timestamp } {
  return { startTime: timestampFromMs(from), endTime: timestampFromMs(to) };
}

function wireCondition({ attribute, comparison, value }: NonNullable<Funnel['steps'][number]['condition']>): { field: string; operator: Operator; values: string[] } {
  return { field: fieldOf(attribute), operator: OPERATORS[comparison], values: value === null ? [] : [String(value)] };
}

function stepFigures(told: FunnelStepFigures): StepFigures {
  const { name, count, conversionFromFirst: ofFirst, conversionFromPrevious: ofPrevious, dropped, medianSecondsFromPrevious: seconds } = told;
  return { name, count, ofFirst, ofPrevious, dropped, seconds };
}

function session(told: WireSession): Session {
  return {
    id: told.sessionId,
    user: told.userId,
    startedAt: milliseconds(told.startTime) ?? 0,
    endedAt: milliseconds(told.endTime) ?? 0,
    seconds: told.durationSeconds,
    active: told.active,
    events: told.events,
    pages: told.pages,
    pageViews: told.pageViews,
    features: told.features,
    purchases: told.purchases,
    revenue: told.revenue.map(({ currency, amount }) => ({ currency, amount })),
    requests: told.requests,
    errors: told.errors,
    services: told.services,
    context: Object.entries(told.context ?? {}).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const),
  };
}

function figures(told: WireFigures | undefined): SessionFigures {
  return {
    sessions: told?.sessions ?? 0,
    active: told?.activeSessions ?? 0,
    users: told?.users ?? 0,
    medianSeconds: told?.medianDurationSeconds ?? 0,
    eventsEach: told?.eventsPerSession ?? 0,
    pagesEach: told?.pageViewsPerSession ?? 0,
    bounced: told?.bounceRate ?? 0,
    withErrors: told?.sessionsWithErrors ?? 0,
    withPurchase: told?.sessionsWithPurchase ?? 0,
    withConversion: told?.sessionsWithConversion ?? 0,
  };
}

/** One thing of a story, whatever it is. */
export function entry({ time, entry: told }: WireEntry): StoryEntry {
  const at = milliseconds(time) ?? 0;
  switch (told.case) {
    case 'event': {
      const { type: what, service, detail, traceId } = eventRow(told.value);
      return { at, kind: 'event', what, service, detail, tone: tone(what), traceId };
    }
    case 'log': {
      const { level, service, message, traceId } = told.value;
      const what = levelName(level);
      return { at, kind: 'log', what, service, detail: message, tone: ['error', 'critical'].includes(what) ? 'bad' : 'plain', traceId };
    }
    case 'span': {
      const { name: what, service, durationMs, failed, traceId } = told.value;
      return { at, kind: 'span', what, service, detail: `${durationMs.toPrecision(3)} ms`, tone: failed ? 'bad' : 'plain', traceId };
    }
    default:
      return { at, kind: 'event', what: 'unknown', service: '', detail: '', tone: 'plain', traceId: '' };
  }
}
