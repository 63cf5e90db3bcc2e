import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createRouterTransport } from '@connectrpc/connect';
import { FunnelActor, SessionService, StoryEntrySchema, type GetFunnelRequest, type GetSessionFiguresRequest } from '@gen/binnacle/aggregator/v1/session_service_pb';
import { LogLevel } from '@gen/binnacle/logs/v1/logs_pb';
import { EventCondition_Operator as Operator } from '@gen/binnacle/query/v1/query_pb';
import { describe, expect, it } from 'vitest';
import { entry, SessionBook } from '../../src/transport/sessions';

const funnels: GetFunnelRequest[] = [];
const figures: GetSessionFiguresRequest[] = [];
const wire = createRouterTransport(({ service }) =>
  service(SessionService, {
    getFunnel: (request) => {
      funnels.push(request);
      return { groups: [{ value: 'NO' }, { value: '' }, { value: '', rest: true }] };
    },
    getSessionFigures: (request) => {
      figures.push(request);
      return { figures: { sessions: 4 }, earlier: { sessions: 2 } };
    },
  }),
);
const book = new SessionBook(wire);
const { signal } = new AbortController();

it('figures stand beside those of the range as long before', async () => {
  const { now, before } = await book.figures('', [1_000, 61_000], signal);
  expect([now.sessions, before.sessions, figures[0]!.earlierSeconds]).toEqual([4, 2, 60]);
});

it('a funnel is asked for by the fields of events', async () => {
  const steps = [
    { type: 'page_view', condition: { attribute: 'page', comparison: '=', value: '/' } as const },
    { type: 'purchase', condition: { attribute: 'user_id', comparison: 'exists', value: null } as const },
  ];
  const { groups } = await book.funnel({ steps, windowSeconds: 600, actor: 'user', by: 'country' }, [0, 1], signal);
  expect(funnels[0]).toMatchObject({ actor: FunnelActor.USER, breakdown: 'data.country', windowSeconds: 600 });
  expect(funnels[0]!.steps.map(({ conditions: [one] }) => [one!.field, one!.operator, one!.values])).toEqual([
    ['data.page', Operator.EQUAL, ['/']],
    ['user_id', Operator.PRESENT, []],
  ]);
  expect(groups.map(({ value }) => value)).toEqual(['NO', 'untold', 'all others']);
});

describe('a story', () => {
  const time = timestampFromMs(5);

  it.each([
    [{ case: 'event', value: { type: 'error', data: { trace_id: 'f'.repeat(32) } } } as const, { kind: 'event', what: 'error', tone: 'bad', traceId: 'f'.repeat(32) }],
    [{ case: 'log', value: { level: LogLevel.WARNING, message: 'slow' } } as const, { kind: 'log', what: 'warning', detail: 'slow', tone: 'plain' }],
    [{ case: 'span', value: { name: 'GET /', durationMs: 12.34, failed: true } } as const, { kind: 'span', what: 'GET /', detail: '12.3 ms', tone: 'bad' }],
  ])('tells what happened, whatever it is (%#)', (told, expected) => {
    expect(entry(create(StoryEntrySchema, { time, entry: told }))).toMatchObject({ at: 5, ...expected });
  });
});
