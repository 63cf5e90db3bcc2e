import { describe, expect, it } from 'vitest';
import { byTrouble, callsPicture, failureRate, latencyPicture, type Integration, type IntegrationDetail } from '../../../src/state/integrations/integrations';

function integration(name: string, status: string, calls = 100, failures = 0): Integration {
  return { name, status, calls, failures, latency: null, succeededAt: null, failedAt: null, errors: [], fromEvents: true, fromSpans: false };
}

describe('integrations', () => {
  it('begin with those that ail', () => {
    const all = [integration('a', 'healthy', 500), integration('b', 'degraded', 100, 2), integration('c', 'unhealthy', 10, 1), integration('d', 'unhealthy', 10, 5)];
    expect(byTrouble(all).map(({ name }) => name)).toEqual(['d', 'c', 'b', 'a']);
  });

  it('do not fail without calls', () => expect(failureRate(integration('a', 'healthy', 0))).toBe(0));
});

describe('charts', () => {
  const points = [
    { at: 0, calls: 30, failures: 3, latency: { average: 5, p50: 4, p95: 9, p99: 10 } },
    { at: 30_000, calls: 0, failures: 0, latency: null },
  ];
  const detail: IntegrationDetail = { ...integration('a', 'unhealthy'), endpoints: [], points, stepMs: 30_000 };

  it('tell calls a minute', () => {
    const { times, lines } = callsPicture(detail, [0, 60_000]);
    expect(times).toEqual([0, 30]);
    expect(lines.map(({ name, values }) => [name, values])).toEqual([
      ['calls', [60, 0]],
      ['failed', [6, 0]],
    ]);
  });

  it('have no latency where none was told', () => {
    expect(latencyPicture(detail, [0, 60_000]).lines.map(({ values }) => values)).toEqual([[4, null], [9, null], [10, null]]);
  });
});
