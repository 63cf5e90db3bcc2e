import type { Reason } from './reasons.js';

/** How a client stands; times in milliseconds since 1970 by the local clock. */
export type LiveState =
  /** There was no connection yet. */
  | { readonly kind: 'connecting'; readonly since: number }
  /** What is told is of now. */
  | { readonly kind: 'live'; readonly since: number }
  /** Connected, but what is told is of the past: it is catching up, or the server itself has nothing newer. */
  | { readonly kind: 'behind'; readonly since: number }
  /** No connection since then, and why; the next attempt is at `retryAt`, or is being made if that is null. */
  | { readonly kind: 'offline'; readonly since: number; readonly reason: Reason; readonly retryAt: number | null }
  /** Closed by whoever opened it. */
  | { readonly kind: 'closed'; readonly since: number };
