/** What the overview shows beside the stream: traffic by service, the business, hours of the week. */
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { AudienceService } from '@gen/binnacle/aggregator/v1/audience_service_pb';
import { ListEndpointsRequest_Order as Order, ServiceCatalogService } from '@gen/binnacle/aggregator/v1/service_catalog_service_pb';
import type { Money } from '@gen/binnacle/query/v1/query_pb';
import { SummaryService, type GetGlobalStatsResponse } from '@gen/binnacle/streamer/v1/summary_service_pb';
import type { Business, EndpointOrder, PeakHours, RankedEndpoint, ServiceTraffic } from '../state/model';
import { milliseconds } from './decode';

const TRAFFIC_SECONDS = 3_600;
const TRAFFIC_STEP_SECONDS = 60;
const ENDPOINT_SECONDS = 300;
const ENDPOINTS = 10;
const ORDERS: Readonly<Record<EndpointOrder, Order>> = { slowest: Order.SLOWEST, failing: Order.MOST_ERRORS };
const HOUR_MS = 3_600_000;
const WEEK_HOURS = 168;

export class FigureCalls {
  private readonly services;
  private readonly audience;
  private readonly summaries;

  constructor(wire: Transport) {
    this.services = createClient(ServiceCatalogService, wire);
    this.audience = createClient(AudienceService, wire);
    this.summaries = createClient(SummaryService, wire);
  }

  /** Requests of the last hour by service, minute by minute. */
  async traffic(signal: AbortSignal): Promise<ServiceTraffic> {
    const asked = { byService: true, windowSeconds: TRAFFIC_SECONDS, stepSeconds: TRAFFIC_STEP_SECONDS };
    const { series } = await this.services.queryTraffic(asked, { signal });
    // The minute that still fills would draw a fall that is none.
    return new Map(series.map(({ service, points }) => [service, points.slice(0, -1).map(({ traffic }) => traffic?.requests ?? 0)]));
  }

  /** The endpoints of the last 5 minutes that stand out. */
  async endpoints(order: EndpointOrder, signal: AbortSignal): Promise<readonly RankedEndpoint[]> {
    const asked = { order: ORDERS[order], windowSeconds: ENDPOINT_SECONDS, pageSize: ENDPOINTS };
    const { endpoints } = await this.services.listEndpoints(asked, { signal });
    return endpoints.map(({ service, endpoint, traffic }) => ({
      name: endpoint,
      service,
      calls: traffic?.requests ?? 0,
      latencyMs: traffic?.latency?.averageMs ?? 0,
      p95: traffic?.latency?.p95Ms ?? null,
      errors: traffic?.errors ?? 0,
    }));
  }

  async business(signal: AbortSignal): Promise<Business> {
    return decodeBusiness(await this.summaries.getGlobalStats({}, { signal }));
  }

  /** The last week, in which each hour came once. */
  async peakHours(timeZone: string, signal: AbortSignal): Promise<PeakHours> {
    const end = (Math.floor(Date.now() / HOUR_MS) + 1) * HOUR_MS;
    const asked = { startTime: timestampFromMs(end - WEEK_HOURS * HOUR_MS), endTime: timestampFromMs(end), timeZone };
    const { hours, busiestByRequests: busiest } = await this.audience.getPeakHours(asked, { signal });
    return {
      hours: hours.map(({ weekday, hour, occurrences, averageRequests, averageUsers }) => ({
        weekday,
        hour,
        requests: occurrences > 0 ? averageRequests : null,
        users: averageUsers,
      })),
      busiest: busiest ? { weekday: busiest.weekday, hour: busiest.hour, requests: busiest.averageRequests, users: busiest.averageUsers } : null,
    };
  }
}

export function decodeBusiness({ revenue, business, agents, uptime, quality, missing }: GetGlobalStatsResponse): Business {
  return {
    today: money(revenue?.today),
    month: money(revenue?.month),
    purchasesToday: revenue?.todayPurchases ?? null,
    conversions: business?.conversions ?? null,
    conversations: business?.activeConversations ?? null,
    campaigns: business?.campaigns ? { active: business.campaigns.active, openRate: business.campaigns.openRate, clickRate: business.campaigns.clickRate } : null,
    agents: agents ? { active: agents.active, kinds: agents.kinds.map(({ kind, active }) => ({ kind, active })) } : null,
    successRate: quality?.successRate ?? null,
    requests: quality?.requests ?? 0,
    uptime: uptime?.percent === undefined ? null : { percent: uptime.percent, target: uptime.targetPercent, budgetLeft: uptime.budgetLeftPercent },
    missing: missing.map(({ part, reason }) => `${part}: ${reason}`),
    at: milliseconds(revenue?.asOf ?? business?.asOf),
  };
}

function money(amounts: readonly Money[] | undefined): Business['today'] {
  return amounts?.map(({ currency, amount }) => ({ currency, amount })).sort((a, b) => b.amount - a.amount) ?? null;
}
