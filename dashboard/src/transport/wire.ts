import type { Transport } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';

/** Nothing is answered later than this: the suite itself gives up after 10 seconds. */
const LONGEST_MS = 15_000;

/** Calls of the suite at an address, as gRPC-Web in binary. */
export function wireTo(origin: string): Transport {
  return createGrpcWebTransport({ baseUrl: origin, useBinaryFormat: true, defaultTimeoutMs: LONGEST_MS });
}
