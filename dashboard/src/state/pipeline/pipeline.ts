/** How telemetry flows from its acceptance to the store. */
import { counted } from '../../design/format';

export interface Flow {
  readonly kind: string;
  readonly rows: number;
  /** A second, over the whole of what was counted and over the last minute. */
  readonly rate: number;
  readonly rateNow: number;
}

export interface Lag {
  readonly requests: number;
  /** Seconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface Journal {
  readonly id: string;
  readonly connected: boolean;
  readonly storedAt: number | null;
  readonly stored: number;
  /** Null where the tenant is not told. */
  readonly waiting: number | null;
  readonly waitingBytes: number | null;
}

export interface Collector {
  readonly instance: string;
  /** Each null where it does not tell. */
  readonly journalBytes: number | null;
  readonly uncommitted: number | null;
  readonly lagSeconds: number | null;
  readonly seenAt: number | null;
}

export interface Pipeline {
  /** What is counted began and ended then. */
  readonly from: number;
  readonly to: number;
  readonly flows: readonly Flow[];
  readonly refusals: readonly { readonly kind: string; readonly reason: string; readonly count: number }[];
  readonly repeated: number;
  /** Null where nothing was stored. */
  readonly lag: Lag | null;
  readonly journals: readonly Journal[];
  readonly collectors: readonly Collector[];
  readonly rollups: readonly { readonly seconds: number; readonly buckets: number; readonly oldestAt: number | null }[];
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly bytes: number | null; readonly parts: number | null }[];
  /** Whether the tenant has the store for itself, and so is told of it as a whole. */
  readonly alone: boolean;
  readonly merges: number | null;
  readonly freeBytes: number | null;
  /** When the edges last counted requests each for itself; null where that has not happened. */
  readonly uncountedAt: number | null;
}

/** Rates of each kind as they were told one after the other, oldest first. */
export type Rates = ReadonlyMap<string, readonly number[]>;

export const RATES_KEPT = 120;

export function withRates(rates: Rates, { flows }: Pipeline): Rates {
  const kinds = new Set([...rates.keys(), ...flows.map(({ kind }) => kind)]);
  const newest = new Map(flows.map(({ kind, rateNow }) => [kind, rateNow]));
  return new Map([...kinds].map((kind) => [kind, [...(rates.get(kind) ?? []), newest.get(kind) ?? 0].slice(-RATES_KEPT)]));
}

/** What somebody has to look at, in words; empty where all is well. */
export function troubles({ journals, collectors, lag, uncountedAt }: Pipeline, now: number): readonly string[] {
  const cut = journals.filter(({ connected }) => !connected).length;
  const behind = collectors.filter(({ lagSeconds }) => (lagSeconds ?? 0) > SLOW_SECONDS).length;
  return [
    ...(cut > 0 ? [`${counted(cut, 'collector is', 'collectors are')} not connected: what ${cut === 1 ? 'it accepted waits in its journal' : 'they accepted waits in their journals'}.`] : []),
    ...(behind > 0 ? [`${counted(behind, 'collector holds', 'collectors hold')} what was accepted more than ${SLOW_SECONDS} s ago and is not stored.`] : []),
    ...(lag && lag.p95 > SLOW_SECONDS ? [`Every twentieth request takes more than ${SLOW_SECONDS} s to the store.`] : []),
    ...(uncountedAt !== null && now - uncountedAt < LATELY_MS ? ['The edges counted requests each for itself lately: Redis did not answer.'] : []),
  ];
}

/** Longer from acceptance to the store than it ever is without trouble. */
const SLOW_SECONDS = 10;
const LATELY_MS = 300_000;
