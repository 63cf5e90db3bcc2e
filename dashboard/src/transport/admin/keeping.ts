import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { RetentionService, type Retention as WireRetention } from '@gen/binnacle/aggregator/v1/retention_service_pb';
import { UsageService, type Usage as WireUsage } from '@gen/binnacle/aggregator/v1/usage_service_pb';
import type { Retention, RetentionChange, Usage, UsedDay } from '../../state/admin/keeping';
import { milliseconds } from '../decode';

export interface Used {
  readonly total: Usage;
  /** In order. */
  readonly days: readonly UsedDay[];
}

/** How long data is kept, and how much of it came. */
export class KeepingCalls {
  private readonly retention;
  private readonly usage;

  constructor(wire: Transport) {
    this.retention = createClient(RetentionService, wire);
    this.usage = createClient(UsageService, wire);
  }

  async kinds(signal: AbortSignal): Promise<readonly Retention[]> {
    const { kinds } = await this.retention.getRetention({}, { signal });
    return kinds.map(retention);
  }

  /** All kinds, as they are then. */
  async keep(changes: readonly RetentionChange[]): Promise<readonly Retention[]> {
    const { kinds } = await this.retention.updateRetention({ changes: [...changes] });
    return kinds.map(retention);
  }

  /** Of one's own tenant where none is named. */
  async used(tenantId: string, from: number, to: number, signal: AbortSignal): Promise<Used> {
    const asked = { tenantId, startTime: timestampFromMs(from), endTime: timestampFromMs(to) };
    const { total, days } = await this.usage.getUsage(asked, { signal });
    return { total: usage(total), days: days.map((day) => ({ at: milliseconds(day.startTime) ?? 0, ...usage(day.usage) })) };
  }
}

function retention({ kind, days, archive, defaultDays, minDays, maxDays, archived }: WireRetention): Retention {
  return { kind, days, archive, defaultDays, minDays, maxDays, archivedFiles: archived?.files ?? 0, archivedBytes: archived?.bytes ?? 0 };
}

function usage(told: WireUsage | undefined): Usage {
  return {
    points: told?.points ?? 0,
    events: told?.events ?? 0,
    logLines: told?.logLines ?? 0,
    spans: told?.spans ?? 0,
    heartbeats: told?.heartbeats ?? 0,
    requests: told?.requests ?? 0,
    bytes: told?.bytes ?? 0,
    refused: told?.refused ?? 0,
    activeSeries: told?.activeSeries ?? 0,
  };
}
