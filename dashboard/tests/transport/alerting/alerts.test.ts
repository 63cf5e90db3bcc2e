import { durationMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createRouterTransport } from '@connectrpc/connect';
import { AlertService } from '@gen/binnacle/alerting/v1/alert_service_pb';
import { AlertState, Severity } from '@gen/binnacle/alerts/v1/alerts_pb';
import { expect, it } from 'vitest';
import { EVERYTHING } from '../../../src/state/alerting/place';
import { AlertBook } from '../../../src/transport/alerting/alerts';

const NEVER = new AbortController().signal;

it('lists what the filter says, with all that is known of it', async () => {
  const asked: unknown[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(AlertService, {
      listAlerts: ({ active, state, severity, match, ruleId, audible, pageSize }) => {
        asked.push([active, state, severity, match, ruleId, audible, pageSize]);
        const ended = { state: AlertState.RESOLVED, severity: Severity.WARNING, startedAt: timestampFromMs(1_000), resolvedAt: timestampFromMs(5_000) };
        const words = { annotations: { summary: 'too many', dashboard: 'x' }, resolution: { comment: 'fixed', returnsTime: timestampFromMs(9_000) } };
        return { alerts: [{ id: 'a1', ruleId: 'slow', labels: { service: 'shop' }, ...ended, ...words }], total: 1, nextPageToken: 'more' };
      },
    }),
  );
  const filter = { ...EVERYTHING, state: 'resolved', severity: 'warning', rule: 'slow', matchers: [{ label: 'host', operator: '!=', value: 'a' }], audible: true } as const;
  const { rows, older } = await new AlertBook(transport).page(filter, 50, NEVER);
  expect(asked).toEqual([[false, AlertState.RESOLVED, Severity.WARNING, ['host!=a'], 'slow', true, 50]]);
  expect(older).toBe(true);
  expect(rows[0]).toMatchObject({
    state: 'resolved',
    endedAt: 5_000,
    firedAt: null,
    labels: { service: 'shop' },
    summary: 'too many',
    notes: [['dashboard', 'x']],
    resolution: { person: 'somebody', comment: 'fixed', until: 9_000 },
  });
});

it('lists what fires before what threatens, and that before what has ended, however new', async () => {
  const made = (id: string, state: AlertState, at: number) => ({ id, state, startedAt: timestampFromMs(at) });
  const all = [made('ended', AlertState.RESOLVED, 9_000), made('threatens', AlertState.PENDING, 8_000), made('fires', AlertState.FIRING, 2_000), made('fired first', AlertState.FIRING, 1_000)];
  const transport = createRouterTransport(({ service }) =>
    service(AlertService, {
      listAlerts: ({ active, state, pageSize }) => {
        const found = all.filter((each) => (active ? each.state !== AlertState.RESOLVED : each.state === state));
        return { alerts: found.slice(0, pageSize), total: found.length, nextPageToken: found.length > pageSize ? 'more' : '' };
      },
    }),
  );
  const book = new AlertBook(transport);
  const listed = async (size: number) => book.page({ ...EVERYTHING, state: 'all' }, size, NEVER);
  expect((await listed(50)).rows.map(({ id }) => id)).toEqual(['fires', 'fired first', 'threatens', 'ended']);
  const { rows, total, older } = await listed(1);
  expect([rows.map(({ id }) => id), total, older]).toEqual([['fires', 'threatens', 'ended'], 4, true]);
});

it('tells the story of an alert with what was judged', async () => {
  const transport = createRouterTransport(({ service }) =>
    service(AlertService, {
      getAlert: ({ id }) => ({
        alert: { id, state: AlertState.FIRING, severity: Severity.CRITICAL },
        steps: [{ time: timestampFromMs(2_000), what: 'firing', severity: Severity.CRITICAL, value: 7 }],
        explanation: {
          state: AlertState.KEEP_FIRING,
          text: '7 is above 5',
          value: 7,
          threshold: 5,
          parts: [{ name: 'a', value: 7 }],
          series: [{ labels: { service: 'shop' }, values: [1, NaN, 7] }],
          timesUnixMs: [0, 60_000, 120_000],
        },
      }),
    }),
  );
  const { steps, explanation } = await new AlertBook(transport).story('a1', NEVER);
  expect(steps).toEqual([{ at: 2_000, what: 'firing', severity: 'critical', value: 7, person: '', comment: '' }]);
  expect(explanation).toMatchObject({ state: 'keep_firing', value: 7, threshold: 5, judgedAt: null });
  expect(explanation!.picture).toMatchObject({ times: [0, 60, 120], from: 0, to: 180 });
  expect(explanation!.picture!.lines[0]!.values).toEqual([1, null, 7]);
});

it('says for how long somebody is on it, and when what is resolved comes back', async () => {
  const said: unknown[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(AlertService, {
      acknowledgeAlert: ({ id, comment, ttl }) => {
        said.push([id, comment, ttl && durationMs(ttl)]);
        return {};
      },
      resolveAlert: ({ id, comment, returnsAfter }) => {
        said.push([id, comment, returnsAfter && durationMs(returnsAfter)]);
        return {};
      },
    }),
  );
  const book = new AlertBook(transport);
  await book.acknowledge('a1', 'looking', null);
  await book.acknowledge('a1', '', 60_000);
  await book.resolve('a1', 'over', 900_000);
  expect(said).toEqual([
    ['a1', 'looking', undefined],
    ['a1', '', 60_000],
    ['a1', 'over', 900_000],
  ]);
});
