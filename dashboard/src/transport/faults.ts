import { Code, ConnectError } from '@connectrpc/connect';
import type { Fault } from '../state/freshness';

/** Ends that are part of normal life: the reader may come back at once. */
export function mayReturnAtOnce(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.ResourceExhausted;
}

/** What an error means to the one who looks at the page, and what to do about it. */
export function faultOf(error: unknown, host: string): Fault {
  const connect = ConnectError.from(error);
  switch (connect.code) {
    case Code.Unauthenticated:
      return { title: 'Not signed in', advice: 'The credential is missing or has expired. Sign in again.' };
    case Code.PermissionDenied:
      return { title: 'Not allowed', advice: 'Your role may not see this dashboard. Ask who runs Binnacle here.' };
    case Code.Unimplemented:
    case Code.NotFound:
      return {
        title: 'No Binnacle at this address',
        advice: `${host} answers, but not as Binnacle. Check the address and the proxy in between.`,
      };
    case Code.ResourceExhausted:
      return { title: 'Fell behind', advice: 'The page was too slow to keep up. It returns by itself.' };
    case Code.Unavailable:
    case Code.DeadlineExceeded:
    case Code.Unknown:
    case Code.Canceled:
    case Code.Aborted:
      return unreachable(host);
    default:
      return { title: 'The stream broke', advice: `${connect.rawMessage || 'No reason given'}. It returns by itself.` };
  }
}

function unreachable(host: string): Fault {
  return {
    title: `Cannot reach Binnacle at ${host}`,
    advice: 'Check that it runs (make run, or binnacle up) and that the network lets you through.',
  };
}
