/** API keys: everything but the key. */
import type { Role } from '../caller.svelte';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly createdAt: number;
  readonly endsAt: number;
  /** Null while it holds. */
  readonly revokedAt: number | null;
  /** The day, as `2026-11-21`; empty for never. */
  readonly lastUsed: string;
  /** Empty where nobody was named. */
  readonly createdBy: string;
}

export interface NewKey {
  readonly name: string;
  readonly roles: readonly string[];
  readonly days: number;
}

export type Standing = 'holds' | 'ends soon' | 'ended' | 'revoked';

/** What each role is for, as one chooses it. */
export const ROLES: readonly (readonly [role: Role, may: string])[] = [
  ['ingester', 'sends data, reads nothing'],
  ['viewer', 'reads everything of the tenant'],
  ['responder', 'deals with alerts, too'],
  ['editor', 'changes what is shown and watched, too'],
  ['admin', 'everything of the tenant'],
];

/** How long a new one is good for, in days. */
export const LENGTHS: readonly number[] = [1, 30, 90, 365, 3_650];

const SOON_MS = 14 * 86_400_000;

export function standing({ revokedAt, endsAt }: ApiKey, now: number): Standing {
  if (revokedAt !== null) return 'revoked';
  if (endsAt <= now) return 'ended';
  return endsAt - now < SOON_MS ? 'ends soon' : 'holds';
}

/** Those that hold, or all; of these the ones whose name, id or role has the text. */
export function chosen(keys: readonly ApiKey[], all: boolean, text: string, now: number): readonly ApiKey[] {
  const wanted = text.trim().toLowerCase();
  return keys.filter((key) => {
    const state = standing(key, now);
    const shown = all || state === 'holds' || state === 'ends soon';
    return shown && [key.name, key.id, ...key.roles].some((part) => part.toLowerCase().includes(wanted));
  });
}

/** A new one that takes the place of another: the same name, roles and length. */
export function successor({ name, roles, createdAt, endsAt }: ApiKey): NewKey {
  const days = (endsAt - createdAt) / 86_400_000;
  return { name, roles, days: LENGTHS.find((length) => length >= days - 0.5) ?? 365 };
}
