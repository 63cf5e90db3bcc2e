import type { Cause, Reason } from '@binnacle/client';

/** Why there is no connection, and what its reader can do. */
export interface Fault {
  readonly title: string;
  readonly advice: string;
}

/** What a reason means to the one who looks at the page, and what to do about it. */
export function faultOf({ cause, message }: Reason, host: string): Fault {
  return FAULTS[cause](host, message);
}

const FAULTS: Readonly<Record<Cause, (host: string, message: string) => Fault>> = {
  unreachable: (host) => ({
    title: `Cannot reach Binnacle at ${host}`,
    advice: 'Check that it runs (make run, or binnacle up) and that the network lets you through.',
  }),
  silent: (host) => ({
    title: `Nothing comes from ${host} any more`,
    advice: 'The connection broke without a word, as when a network changes. It returns by itself.',
  }),
  unknown_address: (host) => ({
    title: 'No Binnacle at this address',
    advice: `${host} answers, but not as Binnacle. Check the address and the proxy in between.`,
  }),
  socket_blocked: (host) => ({
    title: 'No live connection',
    advice: `${host} answers, but something in between lets no WebSocket through. Check the proxy.`,
  }),
  unauthenticated: () => ({
    title: 'Not signed in',
    advice: 'The credential is missing or has expired. Sign in again.',
  }),
  forbidden: () => ({
    title: 'Not allowed',
    advice: 'Your role may not see this dashboard. Ask who runs Binnacle here.',
  }),
  too_slow: () => ({ title: 'Fell behind', advice: 'The page was too slow to keep up. It returns by itself.' }),
  unavailable: (host) => ({
    title: `Binnacle at ${host} is starting or stopping`,
    advice: 'It returns by itself once its parts are up.',
  }),
  other: (_host, message) => ({
    title: 'The connection broke',
    advice: `${message || 'No reason given'}. It returns by itself.`,
  }),
};
