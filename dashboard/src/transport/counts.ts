import type { Histogram } from '@gen/binnacle/query/v1/filters_pb';
import { milliseconds } from './decode';

/** Counts over time, by kind. */
export interface Counts {
  /** Start of each step in milliseconds since 1970. */
  readonly starts: readonly number[];
  readonly stepMs: number;
  readonly series: readonly { readonly name: string; readonly counts: readonly number[]; readonly total: number }[];
}

export function decodeCounts(histogram: Histogram | undefined): Counts {
  return {
    starts: histogram?.startTimes.map((time) => milliseconds(time) ?? 0) ?? [],
    stepMs: (histogram?.stepSeconds ?? 0) * 1000,
    series: histogram?.series ?? [],
  };
}
