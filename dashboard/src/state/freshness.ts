/** After how long without news the page says that what it shows is old. */
export const STALE_AFTER_MS = 5_000;

/** The stream as the transport knows it. */
export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly retryAt: number; readonly fault: Fault };

/** Why the stream ended, and what its reader can do. */
export interface Fault {
  readonly title: string;
  readonly advice: string;
}

export type Condition =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live'; readonly ageMs: number }
  | { readonly kind: 'old'; readonly since: number }
  | { readonly kind: 'reconnecting'; readonly seconds: number; readonly fault: Fault; readonly since: number | null };

/** The last picture's times: when it was made (its maker's clock) and when it came (ours). */
export interface Freshness {
  readonly updatedAt: number;
  readonly freshAt: number;
}

/** What the header says. A new attempt after a failure still counts as reconnecting, so that nothing blinks. */
export function condition(link: Link, fresh: Freshness | null, lastFault: Fault | null, now: number): Condition {
  const since = fresh?.updatedAt ?? null;
  if (link.kind === 'waiting') {
    const seconds = Math.max(0, Math.ceil((link.retryAt - now) / 1000));
    return { kind: 'reconnecting', seconds, fault: link.fault, since };
  }
  if (link.kind === 'connecting') {
    return lastFault ? { kind: 'reconnecting', seconds: 0, fault: lastFault, since } : { kind: 'connecting' };
  }
  if (fresh === null) return { kind: 'connecting' };
  const ageMs = Math.max(0, now - fresh.freshAt);
  return ageMs > STALE_AFTER_MS ? { kind: 'old', since: fresh.updatedAt } : { kind: 'live', ageMs };
}
