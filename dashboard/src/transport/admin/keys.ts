import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { KeyService, type ApiKey as WireKey } from '@gen/binnacle/aggregator/v1/key_service_pb';
import type { ApiKey, NewKey } from '../../state/admin/keys';
import { milliseconds } from '../decode';

const PAGE = 1_000;
const DAY_MS = 86_400_000;

/** API keys of one's tenant. */
export class KeyCalls {
  private readonly client;

  constructor(wire: Transport) {
    this.client = createClient(KeyService, wire);
  }

  /** All of them, the newest first. */
  async list(signal: AbortSignal): Promise<readonly ApiKey[]> {
    const found: WireKey[] = [];
    let pageToken = '';
    do {
      const answer = await this.client.listKeys({ pageSize: PAGE, pageToken }, { signal });
      found.push(...answer.keys);
      pageToken = answer.nextPageToken;
    } while (pageToken);
    return found.map(key);
  }

  /** The token, which nobody can tell again. */
  async create({ name, roles, days }: NewKey): Promise<string> {
    const { token } = await this.client.createKey({ name, roles: [...roles], ttl: durationFromMs(days * DAY_MS) });
    return token;
  }

  async revoke(id: string): Promise<void> {
    await this.client.revokeKey({ id });
  }
}

function key({ id, name, roles, createdTime, expiresTime, revokedTime, lastUsedDay, createdBy }: WireKey): ApiKey {
  return {
    id,
    name,
    roles,
    createdAt: milliseconds(createdTime) ?? 0,
    endsAt: milliseconds(expiresTime) ?? 0,
    revokedAt: milliseconds(revokedTime),
    lastUsed: lastUsedDay,
    createdBy,
  };
}
