import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { ChangeService, type Change } from '@gen/binnacle/aggregator/v1/change_service_pb';
import type { Marker } from '../charts/markers';
import { ends, type Range } from '../state/range';
import { milliseconds } from './decode';

/** More marks than this are a fence. */
const MOST = 60;

export class Changes {
  private readonly client;

  constructor(wire: Transport) {
    this.client = createClient(ChangeService, wire);
  }

  /** Deploys and changes of settings, the newest within a range, oldest first. */
  async within(range: Range, signal: AbortSignal): Promise<readonly Marker[]> {
    const [from, to] = ends(range, Date.now());
    const asked = { startTime: timestampFromMs(from), endTime: timestampFromMs(to), pageSize: MOST };
    const { changes } = await this.client.listChanges(asked, { signal });
    return changes.map(mark).reverse();
  }
}

function mark({ time, kind, title }: Change): Marker {
  return { at: milliseconds(time) ?? 0, text: title || kind.replaceAll('_', ' ') };
}
