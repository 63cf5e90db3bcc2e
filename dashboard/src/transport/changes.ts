import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { ChangeService, type Change as WireChange } from '@gen/binnacle/aggregator/v1/change_service_pb';
import type { Marker } from '../charts/markers';
import { ends, type Range } from '../state/range';
import { milliseconds } from './decode';

/** A deploy or a change of settings. */
export interface Change extends Marker {
  /** Empty where none is named. */
  readonly service: string;
}

/** More marks than this are a fence. */
const MOST = 60;

export class Changes {
  private readonly client;

  constructor(wire: Transport) {
    this.client = createClient(ChangeService, wire);
  }

  /** Deploys and changes of settings, the newest within a range, oldest first. */
  async within(range: Range, signal: AbortSignal): Promise<readonly Change[]> {
    const [from, to] = ends(range, Date.now());
    const asked = { startTime: timestampFromMs(from), endTime: timestampFromMs(to), pageSize: MOST };
    const { changes } = await this.client.listChanges(asked, { signal });
    return changes.map(mark).reverse();
  }
}

function mark({ time, kind, service, title }: WireChange): Change {
  return { at: milliseconds(time) ?? 0, text: title || kind.replaceAll('_', ' '), service };
}
