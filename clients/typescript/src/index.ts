/** Binnacle's live client. */
export { connect, type ClientOptions, type LiveClient } from './client.js';
export type { KeptStorage } from './keeper.js';
export type { Cause, Reason } from './reasons.js';
export type { Snapshot } from './snapshot.js';
export type { LiveState } from './state.js';
export type { Handlers, Room, Source, Subscription, SubscriptionOptions } from './subscription.js';
export type { Page, Socket, SocketFactory, Timers } from './surroundings.js';
export type {
  Error as LiveError,
  Health,
  LiveEvent,
  LiveLogLine,
  Stats,
} from '../../../gen/typescript/binnacle/live/v1/live_pb.js';
export type { DashboardState } from '../../../gen/typescript/binnacle/dashboard/v1/dashboard_pb.js';
export type { TimeSeriesAnswer } from '../../../gen/typescript/binnacle/query/v1/query_pb.js';
export type { GetPipelineResponse } from '../../../gen/typescript/binnacle/aggregator/v1/pipeline_service_pb.js';
