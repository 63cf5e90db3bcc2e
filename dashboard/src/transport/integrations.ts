import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { IntegrationService, type IntegrationSummary } from '@gen/binnacle/aggregator/v1/integration_service_pb';
import type * as reports from '@gen/binnacle/reports/v1/reports_pb';
import type { Calls, Integration, IntegrationDetail } from '../state/integrations/integrations';
import type { Ends } from '../state/range';
import { milliseconds } from './decode';

export class IntegrationBook {
  private readonly integrations;

  constructor(wire: Transport) {
    this.integrations = createClient(IntegrationService, wire);
  }

  /** All that was called within a range, by name. */
  async list([from, to]: Ends, signal: AbortSignal): Promise<readonly Integration[]> {
    const asked = { startTime: timestampFromMs(from), endTime: timestampFromMs(to) };
    const { integrations } = await this.integrations.listIntegrations(asked, { signal });
    return integrations.map(decode);
  }

  async detail(integration: string, [from, to]: Ends, signal: AbortSignal): Promise<IntegrationDetail> {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const asked = { integration, startTime: timestampFromMs(from), endTime: timestampFromMs(to), timeZone };
    const told = await this.integrations.getIntegration(asked, { signal });
    return {
      ...decode(told.integration),
      endpoints: told.endpoints.map((one) => ({ name: one.endpoint, ...calls(one.calls), succeededAt: milliseconds(one.lastSuccessTime), failedAt: milliseconds(one.lastFailureTime) })),
      points: told.points.map((one) => ({ at: milliseconds(one.startTime) ?? 0, ...calls(one.calls) })),
      stepMs: told.stepSeconds * 1000,
    };
  }
}

function decode(told: IntegrationSummary | undefined): Integration {
  return {
    name: told?.integration ?? '',
    status: told?.status ?? 'unknown',
    ...calls(told?.calls),
    succeededAt: milliseconds(told?.lastSuccessTime),
    failedAt: milliseconds(told?.lastFailureTime),
    errors: told?.errors.map(({ kind, count }) => ({ kind, count })) ?? [],
    fromEvents: told?.fromEvents ?? false,
    fromSpans: told?.fromSpans ?? false,
  };
}

function calls(told: reports.Calls | undefined): Calls {
  const { calls: made = 0, failures = 0, latency } = told ?? {};
  return {
    calls: made,
    failures,
    latency: latency ? { average: latency.averageMs, p50: latency.p50Ms, p95: latency.p95Ms, p99: latency.p99Ms } : null,
  };
}
