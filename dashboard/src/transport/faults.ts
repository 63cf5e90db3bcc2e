import type { Cause, LiveError, Reason } from '@binnacle/client';
import { Code, ConnectError } from '@connectrpc/connect';

/** What went wrong, and what its reader can do. */
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

/** What it means that a call failed. */
export function faultOfCall(error: unknown): Fault {
  const { code, rawMessage } = ConnectError.from(error);
  return CALL_FAULTS[code]?.(rawMessage) ?? { title: 'Something went wrong', advice: rawMessage || 'No reason was given. Try again.' };
}

/** What it means that a token let nobody in. */
export function faultOfSignIn(error: unknown): Fault {
  const { code, rawMessage } = ConnectError.from(error);
  if (code === Code.Unavailable) return faultOfCall(error);
  return { title: 'This lets nobody in', advice: sentence(wrongWith(rawMessage)) };
}

/** What the edge found wrong with a credential, without what it advises those who write programs. */
function wrongWith(message: string): string {
  return message.split(': send a token')[0] ?? message;
}

/** What it means that a credential which the browser holds lets nobody in; null where it holds none, or only its roles do not do. */
export function faultOfCredential({ code, rawMessage }: ConnectError): Fault | null {
  const [, title, advice] = CREDENTIAL_FAULTS.find(([said]) => said.test(rawMessage)) ?? [];
  if (title && advice) return { title, advice };
  return code === Code.PermissionDenied || /missing/i.test(rawMessage) ? null : { title: 'Your sign-in does not hold', advice: `${sentence(wrongWith(rawMessage))} ${ASK}` };
}

const ASK = 'Ask who runs Binnacle here.';
const CREDENTIAL_FAULTS: readonly (readonly [said: RegExp, title: string, advice: string])[] = [
  [/expired/i, 'Your sign-in has expired', 'Sign in again. Where it says so at once, the clocks of Binnacle and of the provider differ, or the token was made for too short a time.'],
  [/not yet valid/i, 'Your sign-in does not hold yet', 'The clocks of Binnacle and of the provider differ: ask who runs them to set them right, then sign in again.'],
  [/audience/i, 'Your sign-in was made for something else', `The token names another audience than the one that Binnacle expects (BINNACLE_JWT_AUDIENCE). ${ASK}`],
  [/issuer/i, 'Your sign-in comes from somebody else', `The token names another issuer than the one that Binnacle trusts (BINNACLE_JWT_ISSUER). ${ASK}`],
  [/tenant/i, 'Your sign-in names no tenant', `The token has to say in its claim “tenant” whose data you may see. Ask who runs the provider to put it in, then sign in again.`],
  [/verif|signature|kid|jwks/i, 'Your sign-in is signed by nobody known', `Binnacle does not know the key that the token was signed with (BINNACLE_JWKS_URL). ${ASK}`],
];

/** What it means that something on the stream was refused. */
export function faultOfRefusal({ message, violations }: LiveError): Fault {
  const [first] = violations;
  return { title: 'There is no answer', advice: sentence(first ? `${first.field}: ${first.description}` : message) };
}

const CALL_FAULTS: Readonly<Partial<Record<Code, (message: string) => Fault>>> = {
  [Code.InvalidArgument]: (message) => ({ title: 'This cannot be asked', advice: sentence(message) }),
  [Code.Aborted]: (message) => ({ title: 'It has changed meanwhile', advice: sentence(message) }),
  [Code.NotFound]: (message) => ({ title: 'It is not there any more', advice: sentence(message) }),
  [Code.Unauthenticated]: () => ({ title: 'Not signed in', advice: 'The credential is missing or has expired. Sign in again.' }),
  [Code.PermissionDenied]: () => ({ title: 'Not allowed', advice: 'Your role may not see this. Ask who runs Binnacle here.' }),
  [Code.DeadlineExceeded]: () => ({ title: 'It took too long', advice: 'Ask for a shorter time, or for fewer series or lines.' }),
  [Code.ResourceExhausted]: () => ({ title: 'Too much at once', advice: 'Wait a moment, or ask for less.' }),
  [Code.Unavailable]: () => ({ title: 'No answer', advice: 'Binnacle is starting, stopping or out of reach. Try again in a moment.' }),
};

function sentence(message: string): string {
  const text = message || 'No reason was given';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
