import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { DashboardStateSchema } from '@gen/binnacle/dashboard/v1/dashboard_pb';
import { LiveEventSchema } from '@gen/binnacle/live/v1/live_pb';
import { expect, it } from 'vitest';
import { decodeEvent, decodePicture } from '../../src/transport/decode';

it('reads a whole state', () => {
  const state = create(DashboardStateSchema, {
    demo: true,
    inferredServices: ['shop'],
    history: [{ time: timestampFromMs(1500), requests: 3, p50LatencyMs: 7 }],
    machines: [{ host: 'h', cpuPercent: 5, processes: [{ name: 'redis', cpuPercent: 1, memoryBytes: 9 }] }],
    snapshot: {
      updatedAt: timestampFromMs(2500),
      overview: { totalRequests: 12, activeUsers: 2 },
      services: { shop: { name: 'shop', status: 'healthy' }, search: { name: 'search', lastHeartbeat: timestampFromMs(7) } },
      realtimeStats: {
        activeConnections: 4,
        topEndpoints: [{ endpoint: '/x', count: 3, avgTimeMs: 8 }],
        recentEvents: [{ type: 'purchase', timestamp: timestampFromMs(9), data: { total: 5, items: [1, 2], currency: 'EUR', demo: true } }],
      },
    },
  });
  const decoded = decodePicture(state);
  expect(decoded).toMatchObject({
    demo: true,
    points: [{ at: 1500, requests: 3, errors: 0, average: null, p50: 7, p99: null }],
    snapshot: {
      updatedAt: 2500,
      figures: { totalRequests: 12, activeUsers: 2, connections: 4 },
      endpoints: [{ name: '/x', calls: 3, latencyMs: 8 }],
      events: [{ type: 'purchase', at: 9, detail: 'currency EUR · items [1,2] · total 5' }],
      machines: [{ host: 'h', cpu: 5, processes: [{ name: 'redis', cpu: 1, memoryBytes: 9 }] }],
    },
  });
  expect(decoded.snapshot.services.map((s) => [s.name, s.inferred, s.heartbeatAt, s.status])).toEqual([
    ['shop', true, null, 'healthy'],
    ['search', false, 7, 'unknown'],
  ]);
});

it('reads an event as a snapshot would tell it, and when it was accepted', () => {
  const event = { type: 'purchase', service: 'shop', userId: 'ada', time: timestampFromMs(9), data: { total: 5 } };
  expect(decodeEvent(create(LiveEventSchema, { event, acceptedTime: timestampFromMs(12) }))).toEqual({
    type: 'purchase',
    service: 'shop',
    user: 'ada',
    at: 9,
    detail: 'total 5',
    acceptedAt: 12,
  });
});
