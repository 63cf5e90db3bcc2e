import type { LiveState } from '@binnacle/client';
import { faultOf, type Fault } from '../transport/faults';

/** After how long without news the page says that what it shows is old. */
export const STALE_AFTER_MS = 5_000;

/** What the header says. */
export type Condition =
  /** There was no connection yet; what was kept of the last visit may be shown. */
  | { readonly kind: 'connecting'; readonly since: number | null }
  | { readonly kind: 'live' }
  | { readonly kind: 'old'; readonly since: number }
  | { readonly kind: 'reconnecting'; readonly seconds: number; readonly fault: Fault; readonly since: number | null };

/** What is known of the moment; times in milliseconds since 1970. */
export interface Moment {
  readonly state: LiveState;
  /** Named in what is said about faults. */
  readonly host: string;
  /** When the picture was made, by the server's clock; null before there is one. */
  readonly updatedAt: number | null;
  /** Whether the picture is of this connection or an earlier one, not of an earlier visit. */
  readonly told: boolean;
  /** The local clock. */
  readonly now: number;
  readonly serverNow: number;
}

export function condition({ state, host, updatedAt, told, now, serverNow }: Moment): Condition {
  if (state.kind === 'offline') {
    const seconds = state.retryAt === null ? 0 : Math.max(0, Math.ceil((state.retryAt - now) / 1000));
    return { kind: 'reconnecting', seconds, fault: faultOf(state.reason, host), since: updatedAt };
  }
  if (updatedAt === null || !told) return { kind: 'connecting', since: updatedAt };
  return serverNow - updatedAt > STALE_AFTER_MS ? { kind: 'old', since: updatedAt } : { kind: 'live' };
}

/** Whether what is shown is of the past, or may be. */
export function isPast(condition: Condition): boolean {
  return condition.kind === 'connecting' ? condition.since !== null : condition.kind !== 'live';
}
