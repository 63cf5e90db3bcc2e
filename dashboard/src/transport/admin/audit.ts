import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { AuditService } from '@gen/binnacle/aggregator/v1/audit_service_pb';
import type { AuditRecord as WireRecord } from '@gen/binnacle/audit/v1/audit_pb';
import type { AuditFilter, AuditRecord } from '../../state/admin/audit';
import type { Leaf } from '../../state/paged.svelte';
import { milliseconds } from '../decode';

const ROWS = 50;

/** Who did what. */
export class AuditCalls {
  private readonly client;

  constructor(wire: Transport) {
    this.client = createClient(AuditService, wire);
  }

  /** A page of records, newest first. */
  async list(filter: AuditFilter, within: readonly [number, number], pageToken: string, signal: AbortSignal): Promise<Leaf<AuditRecord>> {
    const { kind, action, subject, id, text, tenant } = filter;
    const asked = {
      startTime: timestampFromMs(within[0]),
      endTime: timestampFromMs(within[1]),
      kind: some(kind),
      action: some(action),
      subject: some(subject),
      id: some(id),
      search: text,
      tenant,
      pageSize: ROWS,
      pageToken,
    };
    const { records, nextPageToken } = await this.client.listAuditRecords(asked, { signal });
    return { rows: records.map(record), next: nextPageToken };
  }
}

function some(value: string): string[] {
  return value ? [value] : [];
}

function record(told: WireRecord, place: number): AuditRecord {
  const { kind, id, action, subject, roles, key, method, requestId, revision } = told;
  const at = milliseconds(told.time) ?? 0;
  const payload = told.payloadJson ? (JSON.parse(told.payloadJson) as Record<string, unknown>) : {};
  return { key: `${requestId}/${kind}/${id}/${revision}/${place}`, at, kind, id, action, subject, roles, credential: key, method, requestId, payload };
}
