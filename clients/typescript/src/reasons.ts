/** Why there is no connection. */

/** In one word. */
export type Cause =
  /** Nothing answers, or the network is gone. */
  | 'unreachable'
  /** Nothing came for too long. */
  | 'silent'
  /** Something answers, but no live connection of Binnacle's. */
  | 'unknown_address'
  /** Binnacle answers, but something in between lets no WebSocket through. */
  | 'socket_blocked'
  /** No token, or one that does not hold. */
  | 'unauthenticated'
  /** The token does not allow it. */
  | 'forbidden'
  /** What came was read too slowly. */
  | 'too_slow'
  /** The server stops, or a part of it does not answer. */
  | 'unavailable'
  /** Something else; the message tells. */
  | 'other';

export interface Reason {
  readonly cause: Cause;
  /** For people; may be empty. */
  readonly message: string;
}

const OF_ENDS: Readonly<Record<string, Cause>> = {
  UNAVAILABLE: 'unavailable',
  OVERLOADED: 'too_slow',
  UNAUTHENTICATED: 'unauthenticated',
  FORBIDDEN: 'forbidden',
};

/** From the name of an error reason in a last frame. */
export function causeOfEnd(name: string): Cause {
  return OF_ENDS[name] ?? 'other';
}

const OF_CLOSE_CODES: Readonly<Record<number, Cause>> = {
  1001: 'unavailable',
  1006: 'unreachable',
  1012: 'unavailable',
  1013: 'too_slow',
  4401: 'unauthenticated',
  4403: 'forbidden',
};

/** From the code a socket was closed with. */
export function causeOfClose(code: number): Cause {
  return OF_CLOSE_CODES[code] ?? 'other';
}

const OF_STATUSES: Readonly<Record<number, Cause>> = { 401: 'unauthenticated', 403: 'forbidden', 404: 'unknown_address' };

/**
 * Why a socket could not be opened. A browser does not tell; so the same is asked for over HTTP, whose answer has a
 * status; unless the page is of another origin, which is not shown it.
 */
export async function causeOfRefusal(address: string, token: string, ask: typeof fetch): Promise<Cause> {
  const whole = new AbortController();
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  try {
    const { status } = await ask(`${address}/api/v1/live?room=health`, { headers, signal: whole.signal });
    if (status >= 500) return 'unavailable';
    return status < 300 ? 'socket_blocked' : (OF_STATUSES[status] ?? 'unknown_address');
  } catch {
    return 'unreachable';
  } finally {
    whole.abort();
  }
}
