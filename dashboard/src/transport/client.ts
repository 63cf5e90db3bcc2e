import { createClient, type Client, type Transport } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { DashboardService } from '@gen/binnacle/streamer/v1/dashboard_service_pb';

export type DashboardClient = Client<typeof DashboardService>;

export function dashboardClient(transport: Transport): DashboardClient {
  return createClient(DashboardService, transport);
}

/** The edge that served this page. */
export function edgeTransport(baseUrl: string): Transport {
  return createGrpcWebTransport({ baseUrl, useBinaryFormat: true });
}
