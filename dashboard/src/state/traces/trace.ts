/** What happened in a trace, and what it waited for. */
import type { JsonObject } from '@bufbuild/protobuf';
import type { LogLine } from '../logs/lines';

export interface SpanEvent {
  readonly name: string;
  /** After the start of the trace. */
  readonly offsetMs: number;
  readonly attributes: JsonObject;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
}

export interface Span {
  readonly id: string;
  readonly depth: number;
  /** Its parent is not in the trace, though it names one. */
  readonly orphan: boolean;
  readonly operation: string;
  readonly service: string;
  /** In a word, as `server`; empty where untold. */
  readonly kind: string;
  /** Start, after that of the trace. */
  readonly offsetMs: number;
  readonly durationMs: number;
  /** Of its duration, in none of its children. */
  readonly selfMs: number;
  readonly failed: boolean;
  readonly status: string;
  readonly attributes: JsonObject;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
}

export interface TraceSummary {
  readonly id: string;
  readonly service: string;
  readonly operation: string;
  readonly at: number;
  readonly durationMs: number;
  readonly spanCount: number;
  readonly failedCount: number;
  readonly services: readonly string[];
}

export interface Trace extends TraceSummary {
  /** Each after its parent, siblings by their start. */
  readonly spans: readonly Span[];
  /** Oldest first. */
  readonly lines: readonly LogLine[];
  /** Whether it has more lines than these. */
  readonly moreLines: boolean;
}

/** The index of the parent of each span, -1 where it has none. Told by depth and order, which hold even where ids are not unique. */
export function parentsOf(spans: readonly { readonly depth: number }[]): readonly number[] {
  const above: number[] = [];
  return spans.map(({ depth }, index) => {
    above[depth] = index;
    return depth > 0 ? (above[depth - 1] ?? -1) : -1;
  });
}

/** How many spans stand within each. */
export function withinOf(spans: readonly { readonly depth: number }[]): readonly number[] {
  const counts = spans.map(() => 0);
  const parents = parentsOf(spans);
  for (let index = spans.length - 1; index >= 0; index -= 1) {
    const parent = parents[index]!;
    if (parent >= 0) counts[parent]! += counts[index]! + 1;
  }
  return counts;
}

/** Indices of spans that stand within no folded one. */
export function unfolded(spans: readonly { readonly depth: number }[], folded: ReadonlySet<number>): readonly number[] {
  let hiddenBelow = Infinity;
  return spans.flatMap(({ depth }, index) => {
    if (depth > hiddenBelow) return [];
    hiddenBelow = folded.has(index) ? depth : Infinity;
    return [index];
  });
}
