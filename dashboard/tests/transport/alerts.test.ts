import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { AlertService } from '@gen/binnacle/alerting/v1/alert_service_pb';
import { AlertState, Severity } from '@gen/binnacle/alerts/v1/alerts_pb';
import { expect, it } from 'vitest';
import { AlertCalls } from '../../src/transport/alerts';

const NEVER = new AbortController().signal;

it('asks for what has not ended, and tells it in the words of the page', async () => {
  const asked: unknown[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(AlertService, {
      listAlerts: ({ active, pageSize }) => {
        asked.push([active, pageSize]);
        return {
          alerts: [
            {
              id: 'a1',
              ruleId: 'error-rate',
              name: 'Error rate over 5 %',
              severity: Severity.CRITICAL,
              state: AlertState.KEEP_FIRING,
              service: 'shop',
              labels: { service: 'shop', zone: 'b', host: 'web-1' },
              startedAt: timestampFromMs(1_500),
              currentValue: 12.5,
              threshold: 5,
              annotations: { summary: 'too many' },
              acknowledgement: { person: 'ada' },
              inhibitedBy: ['a0'],
            },
          ],
          total: 7,
          counts: { firing: 1, pending: 6 },
        };
      },
    }),
  );
  const { rows, total, counts } = await new AlertCalls(transport).list(NEVER);
  expect(asked).toEqual([[true, 50]]);
  expect([total, counts]).toEqual([7, { firing: 1, critical: 0, pending: 6, resolved: 0 }]);
  expect(rows).toEqual([
    {
      id: 'a1',
      name: 'Error rate over 5 %',
      severity: 'critical',
      state: 'keep_firing',
      service: 'shop',
      group: 'host web-1 · zone b',
      summary: 'too many',
      runbook: '',
      startedAt: 1_500,
      value: 12.5,
      threshold: 5,
      acknowledgedBy: 'ada',
      heldBack: true,
    },
  ]);
});

it('says who is on it, or why that was not taken', async () => {
  const taken: string[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(AlertService, {
      acknowledgeAlert: ({ id }) => {
        if (id !== 'a1') throw new ConnectError('has ended', Code.Aborted);
        taken.push(id);
        return {};
      },
    }),
  );
  const calls = new AlertCalls(transport);
  await calls.acknowledge('a1');
  await expect(calls.acknowledge('a2')).rejects.toThrow('has ended');
  expect(taken).toEqual(['a1']);
});
