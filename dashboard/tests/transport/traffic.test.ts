import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createRouterTransport } from '@connectrpc/connect';
import { ServiceCatalogService } from '@gen/binnacle/aggregator/v1/service_catalog_service_pb';
import { expect, it } from 'vitest';
import { about } from '../../src/state/explore/question';
import { TrafficCalls } from '../../src/transport/traffic';

const MINUTE = 60_000;
const HOUR = 3_600_000;

/** A suite whose requests a second are the hour since 1970 they fell into, and one that observed latency in its first minute only. */
const wire = createRouterTransport(({ service }) =>
  service(ServiceCatalogService, {
    queryTraffic: ({ startTime, byService }) => {
      const from = Number(startTime!.seconds) * 1000;
      const points = [0, 1].map((minute) => ({
        startTime: timestampFromMs(from + minute * MINUTE),
        traffic: { requestsPerSecond: Math.floor(from / HOUR), ...(minute === 0 && { latency: { p95Ms: 20 } }) },
      }));
      return { series: [{ service: byService ? 'shop' : '', points }], stepSeconds: 60 };
    },
  }),
);
const calls = new TrafficCalls(wire);
const { signal } = new AbortController();

it('traffic is drawn beside its earlier period', async () => {
  const question = { ...about('traffic:requests_per_second'), by: ['service'], earlier: HOUR / 1000 };
  const { lines, times } = await calls.picture(question, 5 * HOUR, 5 * HOUR + 2 * MINUTE, signal);
  expect(times).toEqual([(5 * HOUR) / 1000, (5 * HOUR) / 1000 + 60]);
  expect(lines).toMatchObject([{ labels: { service: 'shop' }, values: [5, 5], earlier: [4, 4] }]);
});

it('has no latency where none was observed', async () => {
  const { lines } = await calls.picture(about('traffic:p95_latency_ms'), HOUR, HOUR + 2 * MINUTE, signal);
  expect(lines[0]!.values).toEqual([20, null]);
});
