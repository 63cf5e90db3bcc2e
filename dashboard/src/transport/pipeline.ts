/** The pipeline, what was refused at its mouth, and the parts of the suite. */
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { IntakeWarningService } from '@gen/binnacle/aggregator/v1/intake_warning_service_pb';
import type { GetPipelineResponse } from '@gen/binnacle/aggregator/v1/pipeline_service_pb';
import { SystemService } from '@gen/binnacle/streamer/v1/system_service_pb';
import type { Refusal } from '../state/model';
import type { Leaf } from '../state/paged.svelte';
import type { Pipeline } from '../state/pipeline/pipeline';
import type { Ends } from '../state/range';
import { milliseconds } from './decode';

const PAGE = 50;

/** A part of the suite: a process, the store, Redis. */
export interface Component {
  readonly name: string;
  readonly status: string;
  readonly problem: string;
  /** Null where it did not answer. */
  readonly responseMs: number | null;
  /** Null where it is no process, or tells nothing. */
  readonly process: { readonly version: string; readonly host: string; readonly uptimeSeconds: number; readonly memoryBytes: number } | null;
}

export class Plumbing {
  private readonly warnings;
  private readonly system;

  constructor(wire: Transport) {
    this.warnings = createClient(IntakeWarningService, wire);
    this.system = createClient(SystemService, wire);
  }

  /** What was refused within a range, newest first. */
  async refused(kind: string, [from, to]: Ends, token: string, signal: AbortSignal): Promise<Leaf<Refusal>> {
    const asked = { startTime: timestampFromMs(from), endTime: timestampFromMs(to), kind, pageSize: PAGE, pageToken: token };
    const { warnings, nextPageToken } = await this.warnings.listIntakeWarnings(asked, { signal });
    const rows = warnings.map(({ kind: what, field, description, source, sample, count, lastTime }) => ({
      kind: what,
      field,
      description,
      source,
      sample,
      count,
      lastAt: milliseconds(lastTime) ?? 0,
    }));
    return { rows, next: nextPageToken };
  }

  async components(signal: AbortSignal): Promise<readonly Component[]> {
    const { components } = await this.system.listComponents({}, { signal });
    return components.map(({ name, status, problem, responseMs = null, process }) => ({
      name,
      status,
      problem,
      responseMs,
      process: process ? { version: process.version, host: process.host, uptimeSeconds: process.uptimeSeconds, memoryBytes: process.memoryBytes } : null,
    }));
  }
}

export function decodePipeline(told: GetPipelineResponse): Pipeline {
  const { lag } = told;
  return {
    from: milliseconds(told.startTime) ?? 0,
    to: milliseconds(told.endTime) ?? 0,
    flows: told.flows.map(({ kind, rows, rowsPerSecond: rate, rowsPerSecondLastMinute: rateNow }) => ({ kind, rows, rate, rateNow })),
    refusals: told.refusals.map(({ kind, reason, count }) => ({ kind, reason, count })),
    repeated: told.repeatedRequests,
    lag: lag ? { requests: lag.count, p50: lag.p50Seconds, p95: lag.p95Seconds, p99: lag.p99Seconds, max: lag.maxSeconds } : null,
    journals: told.journals.map(({ journalId: id, connected, storedTime, storedRequests: stored, waitingRequests = null, waitingBytes = null }) => ({
      id,
      connected,
      storedAt: milliseconds(storedTime),
      stored,
      waiting: waitingRequests,
      waitingBytes,
    })),
    collectors: told.collectors.map(({ instance, journalBytes = null, uncommittedRecords = null, lagSeconds = null, seenTime }) => ({
      instance,
      journalBytes,
      uncommitted: uncommittedRecords,
      lagSeconds,
      seenAt: milliseconds(seenTime),
    })),
    rollups: told.rollups.map(({ bucketSeconds: seconds, buckets, oldestTime }) => ({ seconds, buckets, oldestAt: milliseconds(oldestTime) })),
    tables: told.tables.map(({ table: name, rows, bytes = null, parts = null }) => ({ name, rows, bytes, parts })),
    alone: told.alone,
    merges: told.runningMerges ?? null,
    freeBytes: told.freeBytes ?? null,
    uncountedAt: milliseconds(told.uncountedTime),
  };
}
