import { createClient, type Transport } from '@connectrpc/connect';
import { Deletion_State as State, DeletionService, type Deletion as WireDeletion } from '@gen/binnacle/aggregator/v1/deletion_service_pb';
import type { Deletion, Doomed } from '../../state/admin/deletions';
import { milliseconds } from '../decode';

const STATES: Readonly<Partial<Record<State, Deletion['state']>>> = { [State.DONE]: 'done', [State.CLOSED]: 'closed' };

/** Deletions of one's own tenant. */
export class DeletionCalls {
  private readonly client;

  constructor(wire: Transport) {
    this.client = createClient(DeletionService, wire);
  }

  /** The newest first. */
  async list(signal: AbortSignal): Promise<readonly Deletion[]> {
    const { deletions } = await this.client.listDeletions({}, { signal });
    return deletions.map(deletion);
  }

  /** Begins one, which nothing ends before all is gone. */
  async begin({ scope, name }: Doomed): Promise<void> {
    if (scope === 'tenant') await this.client.deleteTenantData({ tenant: name });
    else await this.client.deleteUserData({ userId: name });
  }
}

function deletion({ id, scope, state, requestedTime, doneTime, deletedRows, remainingRows, verifiedTime, digest }: WireDeletion): Deletion {
  return {
    id,
    scope: scope === 'tenant' ? 'tenant' : 'user',
    state: STATES[state] ?? 'running',
    requestedAt: milliseconds(requestedTime) ?? 0,
    doneAt: milliseconds(doneTime),
    deletedRows,
    remainingRows,
    verifiedAt: milliseconds(verifiedTime),
    digest,
  };
}
