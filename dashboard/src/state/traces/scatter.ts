/** Traces as dots: when, and how long on a scale of factors. */
import type { TraceSummary } from './trace';
import type { Ends } from '../range';

export interface Dot {
  /** 0 to 1 from the left, and from the bottom. */
  readonly x: number;
  readonly y: number;
  readonly trace: TraceSummary;
}

export interface Scatter {
  readonly dots: readonly Dot[];
  /** Where round durations stand. */
  readonly marks: readonly { readonly ms: number; readonly y: number }[];
}

/** What takes less is not told apart. */
const LEAST_MS = 0.01;

export function scatterOf(traces: readonly TraceSummary[], [from, to]: Ends): Scatter {
  const sizes = traces.map(({ durationMs }) => Math.log10(Math.max(durationMs, LEAST_MS)));
  const low = Math.floor(Math.min(...sizes, Infinity));
  if (!Number.isFinite(low)) return { dots: [], marks: [] };
  const high = Math.max(low + 1, Math.ceil(Math.max(...sizes)));
  const dots = traces.map((trace, place) => ({
    x: Math.min(1, Math.max(0, (trace.at - from) / Math.max(1, to - from))),
    y: (sizes[place]! - low) / (high - low),
    trace,
  }));
  const marks = Array.from({ length: high - low + 1 }, (_, step) => ({ ms: 10 ** (low + step), y: step / (high - low) }));
  return { dots, marks };
}
