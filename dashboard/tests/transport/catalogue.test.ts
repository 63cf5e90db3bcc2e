import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { CatalogService } from '@gen/binnacle/aggregator/v1/catalog_service_pb';
import { expect, it } from 'vitest';
import { Catalogue } from '../../src/transport/catalogue';
import { Together } from '../../src/transport/together';

it('asks in one call for the metrics of all charts that open together', async () => {
  const asked: string[][] = [];
  const transport = createRouterTransport(({ service }) =>
    service(CatalogService, {
      listMetrics: ({ names }) => {
        asked.push([...names]);
        return { metrics: names.filter((name) => name !== 'unsent').map((name) => ({ name, units: ['ms'], series: 2 })) };
      },
    }),
  );
  const catalogue = new Catalogue(transport);
  const [first, unsent, again] = await Promise.all(['latency', 'unsent', 'latency'].map((name) => catalogue.metric(name)));
  expect(first).toMatchObject({ name: 'latency', unit: 'ms', series: 2 });
  expect([unsent, again]).toEqual([null, first]);
  expect((await catalogue.metric('later'))?.name).toBe('later');
  expect(asked).toEqual([['latency', 'unsent'], ['later']]);
});

it('makes a further call of what is too much for one, and tells each of its fault', async () => {
  const asked: (readonly string[])[] = [];
  const together = new Together<string>((keys) => {
    asked.push(keys);
    if (keys.includes('bad')) return Promise.reject(new ConnectError('no', Code.Unavailable));
    return Promise.resolve(new Map(keys.map((key) => [key, key.toUpperCase()])));
  }, 2);
  const answers = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((key) => together.of(key)));
  expect(asked).toEqual([['a', 'b'], ['bad', 'c']]);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
  expect(await together.of('d')).toBe('D');
});
