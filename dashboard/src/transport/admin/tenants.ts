import { createClient, type Transport } from '@connectrpc/connect';
import { TenantService } from '@gen/binnacle/aggregator/v1/tenant_service_pb';
import type { Tenant as WireTenant } from '@gen/binnacle/tenants/v1/tenants_pb';
import type { Limits, Tenant, TenantChange } from '../../state/admin/tenants';
import { milliseconds } from '../decode';

/** As many as there are on a page of the API. */
const PAGE = 1_000;

/** Tenants of the installation, or one's own where one may not see more. */
export class TenantCalls {
  private readonly client;

  constructor(wire: Transport) {
    this.client = createClient(TenantService, wire);
  }

  /** All of them, by id. */
  async list(signal: AbortSignal): Promise<readonly Tenant[]> {
    const found: WireTenant[] = [];
    let pageToken = '';
    do {
      const answer = await this.client.listTenants({ pageSize: PAGE, pageToken }, { signal });
      found.push(...answer.tenants);
      pageToken = answer.nextPageToken;
    } while (pageToken);
    return found.map(tenant);
  }

  async create(id: string, change: TenantChange): Promise<void> {
    const { displayName, timeZone, limits } = change;
    await this.client.createTenant({ id, displayName, timeZone, limits });
  }

  /** Raises ConnectError with the code Aborted where somebody changed it meanwhile. */
  async update({ id, revision }: Tenant, change: TenantChange): Promise<void> {
    await this.client.updateTenant({ id, revision: BigInt(revision), ...change });
  }
}

function tenant({ id, displayName, createdTime, changedTime, disabled, timeZone, limits, revision }: WireTenant): Tenant {
  return {
    id,
    displayName,
    createdAt: milliseconds(createdTime),
    changedAt: milliseconds(changedTime),
    disabled,
    timeZone,
    limits: {
      pointsPerSecond: limits?.pointsPerSecond ?? 0,
      eventsPerSecond: limits?.eventsPerSecond ?? 0,
      requestsPerSecond: limits?.requestsPerSecond ?? 0,
      bytesPerSecond: limits?.bytesPerSecond ?? 0,
      bodyBytes: limits?.bodyBytes ?? 0,
      activeSeries: limits?.activeSeries ?? 0,
      streams: limits?.streams ?? 0,
    } satisfies Limits,
    revision: Number(revision),
  };
}
