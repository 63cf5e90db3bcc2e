import { createClient, type Transport } from '@connectrpc/connect';
import { ConnectionService } from '@gen/binnacle/streamer/v1/connection_service_pb';
import { milliseconds } from '../decode';

export interface Connected {
  readonly id: string;
  readonly kind: string;
  readonly rooms: readonly string[];
  readonly since: number;
  /** As its program calls itself; may be empty. */
  readonly client: string;
  readonly sent: number;
}

export interface Attendance {
  /** Oldest first. */
  readonly rows: readonly Connected[];
  /** Opened since the streamer started, and the most at one time. */
  readonly opened: number;
  readonly most: number;
  /** Messages sent since then. */
  readonly sent: number;
  readonly uptimeSeconds: number;
}

export interface Reached {
  readonly reached: number;
  readonly unreached: number;
}

/** Who is connected live, and a message to all of them. */
export class ConnectionCalls {
  private readonly client;

  constructor(wire: Transport) {
    this.client = createClient(ConnectionService, wire);
  }

  async present(signal: AbortSignal): Promise<Attendance> {
    const [{ connections }, stats] = await Promise.all([
      this.client.listConnections({}, { signal }),
      this.client.getConnectionStats({}, { signal }),
    ]);
    return {
      rows: connections.map(({ id, kind, rooms, connectedTime, client, messagesSent }) => ({
        id,
        kind,
        rooms,
        since: milliseconds(connectedTime) ?? 0,
        client,
        sent: messagesSent,
      })),
      opened: stats.openedConnections,
      most: stats.mostConnections,
      sent: Object.values(stats.messagesSent).reduce((sum, each) => sum + each, 0),
      uptimeSeconds: stats.uptimeSeconds,
    };
  }

  async broadcast(message: string): Promise<Reached> {
    const { reached, unreached } = await this.client.sendTestBroadcast({ message });
    return { reached, unreached };
  }
}
