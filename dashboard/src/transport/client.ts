import { createClient, type Client, type Transport } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { IntakeWarningService } from '@gen/binnacle/aggregator/v1/intake_warning_service_pb';
import { DashboardService } from '@gen/binnacle/streamer/v1/dashboard_service_pb';

export type DashboardClient = Client<typeof DashboardService>;

export function dashboardClient(transport: Transport): DashboardClient {
  return createClient(DashboardService, transport);
}

export type IntakeWarningClient = Client<typeof IntakeWarningService>;

export function intakeWarningClient(transport: Transport): IntakeWarningClient {
  return createClient(IntakeWarningService, transport);
}

/** The edge that served this page. */
export function edgeTransport(baseUrl: string): Transport {
  return createGrpcWebTransport({ baseUrl, useBinaryFormat: true });
}
