import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createRouterTransport } from '@connectrpc/connect';
import { AuditService } from '@gen/binnacle/aggregator/v1/audit_service_pb';
import { Deletion_State, DeletionService } from '@gen/binnacle/aggregator/v1/deletion_service_pb';
import { KeyService } from '@gen/binnacle/aggregator/v1/key_service_pb';
import { RetentionService } from '@gen/binnacle/aggregator/v1/retention_service_pb';
import { TenantService } from '@gen/binnacle/aggregator/v1/tenant_service_pb';
import { UsageService } from '@gen/binnacle/aggregator/v1/usage_service_pb';
import { ConnectionService } from '@gen/binnacle/streamer/v1/connection_service_pb';
import { expect, it } from 'vitest';
import { NO_LIMITS } from '../../../src/state/admin/tenants';
import { isRunning, isSure } from '../../../src/state/admin/deletions';
import { AuditCalls } from '../../../src/transport/admin/audit';
import { ConnectionCalls } from '../../../src/transport/admin/connections';
import { DeletionCalls } from '../../../src/transport/admin/deletions';
import { KeepingCalls } from '../../../src/transport/admin/keeping';
import { KeyCalls } from '../../../src/transport/admin/keys';
import { TenantCalls } from '../../../src/transport/admin/tenants';

const NEVER = new AbortController().signal;

it('reads all pages of keys, and makes one for so many days', async () => {
  const asked: unknown[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(KeyService, {
      listKeys: ({ pageToken }) =>
        pageToken === ''
          ? { keys: [{ id: 'b', name: 'new', roles: ['viewer'], createdTime: timestampFromMs(5), expiresTime: timestampFromMs(9) }], nextPageToken: 'on' }
          : { keys: [{ id: 'a', revokedTime: timestampFromMs(7), lastUsedDay: '2026-11-20', createdBy: 'ada' }] },
      createKey: ({ name, roles, ttl }) => {
        asked.push([name, roles, ttl?.seconds]);
        return { token: 'once' };
      },
    }),
  );
  const calls = new KeyCalls(transport);
  const [first, second] = await calls.list(NEVER);
  expect(first).toEqual({ id: 'b', name: 'new', roles: ['viewer'], createdAt: 5, endsAt: 9, revokedAt: null, lastUsed: '', createdBy: '' });
  expect(second).toMatchObject({ id: 'a', revokedAt: 7, lastUsed: '2026-11-20', createdBy: 'ada' });
  expect(await calls.create({ name: 'shop', roles: ['ingester'], days: 2 })).toBe('once');
  expect(asked).toEqual([['shop', ['ingester'], 172_800n]]);
});

it('changes the tenant that was read, and no newer one', async () => {
  const asked: unknown[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(TenantService, {
      listTenants: () => ({ tenants: [{ id: 'acme', revision: 4n, limits: { eventsPerSecond: 9 }, changedTime: timestampFromMs(3) }] }),
      updateTenant: ({ id, revision, disabled, displayName, timeZone, limits }) => {
        asked.push([id, revision, disabled, displayName, timeZone, limits?.streams]);
        return {};
      },
    }),
  );
  const calls = new TenantCalls(transport);
  const [acme] = await calls.list(NEVER);
  expect(acme).toMatchObject({ id: 'acme', createdAt: null, changedAt: 3, limits: { ...NO_LIMITS, eventsPerSecond: 9 }, revision: 4 });
  await calls.update(acme!, { displayName: 'Acme', timeZone: '', disabled: true, limits: { ...NO_LIMITS, streams: 2 } });
  expect(asked).toEqual([['acme', 4n, true, 'Acme', '', 2]]);
});

it('tells how long data is kept and how much came', async () => {
  const transport = createRouterTransport(({ service }) => {
    service(RetentionService, {
      getRetention: () => ({ kinds: [{ kind: 'events', days: 30, defaultDays: 30, minDays: 1, maxDays: 400, archived: { files: 2, bytes: 10 } }] }),
      updateRetention: ({ changes }) => ({ kinds: changes.map(({ kind, days }) => ({ kind, days: days ?? 99 })) }),
    });
    service(UsageService, {
      getUsage: ({ tenantId }) => ({ total: { points: 5, bytes: tenantId.length }, days: [{ startTime: timestampFromMs(100), usage: { events: 2 } }] }),
    });
  });
  const calls = new KeepingCalls(transport);
  expect(await calls.kinds(NEVER)).toMatchObject([{ kind: 'events', days: 30, archivedFiles: 2, archivedBytes: 10 }]);
  expect(await calls.keep([{ kind: 'events', days: 7 }])).toMatchObject([{ kind: 'events', days: 7 }]);
  const { total, days } = await calls.used('acme', 0, 200, NEVER);
  expect([total.points, total.bytes, days]).toMatchObject([5, 4, [{ at: 100, events: 2, points: 0 }]]);
});

it('tells who is connected, and whom a message reached', async () => {
  const transport = createRouterTransport(({ service }) =>
    service(ConnectionService, {
      listConnections: () => ({ connections: [{ id: 'c', kind: 'websocket', rooms: ['dashboard'], connectedTime: timestampFromMs(4), messagesSent: 7 }] }),
      getConnectionStats: () => ({ openedConnections: 3, mostConnections: 2, messagesSent: { websocket: 7, grpc: 1 }, uptimeSeconds: 60 }),
      sendTestBroadcast: () => ({ reached: 1, unreached: 2 }),
    }),
  );
  const calls = new ConnectionCalls(transport);
  expect(await calls.present(NEVER)).toEqual({
    rows: [{ id: 'c', kind: 'websocket', rooms: ['dashboard'], since: 4, client: '', sent: 7 }],
    opened: 3,
    most: 2,
    sent: 8,
    uptimeSeconds: 60,
  });
  expect(await calls.broadcast('hello')).toEqual({ reached: 1, unreached: 2 });
});

it('asks for what of the audit log is wanted', async () => {
  const asked: unknown[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(AuditService, {
      listAuditRecords: ({ kind, subject, search, tenant, pageToken }) => {
        asked.push([kind, subject, search, tenant, pageToken]);
        return { records: [{ time: timestampFromMs(8), kind: 'key', id: 'k', action: 'revoke', subject: 'ada', payloadJson: '{"id":"k"}' }], nextPageToken: 'on' };
      },
    }),
  );
  const filter = { kind: 'key', action: '', subject: '', id: '', text: 'k', tenant: '' };
  const { rows, next } = await new AuditCalls(transport).list(filter, [0, 10], '', NEVER);
  expect(asked).toEqual([[['key'], [], 'k', '', '']]);
  expect(next).toBe('on');
  expect(rows).toMatchObject([{ at: 8, kind: 'key', action: 'revoke', subject: 'ada', payload: { id: 'k' } }]);
});

it('deletes whom it was told, and says how far that is', async () => {
  const asked: unknown[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(DeletionService, {
      listDeletions: () => ({
        deletions: [
          { id: 'b', scope: 'tenant', state: Deletion_State.RUNNING, requestedTime: timestampFromMs(9), deletedRows: 2, remainingRows: 5 },
          { id: 'a', scope: 'user', state: Deletion_State.DONE, requestedTime: timestampFromMs(3), doneTime: timestampFromMs(4), digest: 'd' },
        ],
      }),
      deleteUserData: ({ userId }) => (asked.push(['user', userId]), {}),
      deleteTenantData: ({ tenant }) => (asked.push(['tenant', tenant]), {}),
    }),
  );
  const calls = new DeletionCalls(transport);
  const found = await calls.list(NEVER);
  expect(found).toMatchObject([
    { id: 'b', scope: 'tenant', state: 'running', doneAt: null, deletedRows: 2, remainingRows: 5, verifiedAt: null },
    { id: 'a', scope: 'user', state: 'done', requestedAt: 3, doneAt: 4, digest: 'd' },
  ]);
  expect([isRunning(found), isRunning(found.slice(1))]).toEqual([true, false]);
  await calls.begin({ scope: 'user', name: 'ada' });
  await calls.begin({ scope: 'tenant', name: 'acme' });
  expect(asked).toEqual([['user', 'ada'], ['tenant', 'acme']]);
});

it('takes nobody for sure who typed another name, or none', () => {
  const doomed = { scope: 'user', name: 'ada' } as const;
  expect(['ada', 'Ada', 'ada ', ''].map((typed) => isSure(doomed, typed))).toEqual([true, false, false, false]);
  expect(isSure({ scope: 'tenant', name: '' }, '')).toBe(false);
});
