/**
 * What a trace waited for: at each moment of its longest first span, the deepest span that its end had to wait for. Told
 * from the end backwards: a span waits for the child that ended last, before that one began for the child that had ended
 * by then, and for nobody between them. What a child does after its parent's end held nobody up.
 * (The same reading as Jaeger's and Uber's CRISP: "CRISP: Critical Path Analysis of Large-Scale Microservice
 * Architectures", USENIX ATC 2022.)
 */
import { parentsOf, type Span } from './trace';

export interface Stretch {
  /** In milliseconds after the start of the trace. */
  readonly from: number;
  readonly to: number;
}

type Timed = Pick<Span, 'depth' | 'offsetMs' | 'durationMs'>;

/** The stretches of the path within each span, the latest first; empty for a span that is not on it. */
export function criticalPath(spans: readonly Timed[]): readonly (readonly Stretch[])[] {
  const path: Stretch[][] = spans.map(() => []);
  const children = childrenOf(spans);
  const first = longestFirst(spans);
  if (first < 0) return path;
  const waiting: [span: number, start: number, until: number][] = [[first, spans[first]!.offsetMs, endOf(spans[first]!)]];
  for (let turn = waiting.pop(); turn; turn = waiting.pop()) {
    const [span, start, until] = turn;
    let at = until;
    for (const child of children[span]!) {
      const began = Math.max(spans[child]!.offsetMs, start);
      const ended = Math.min(endOf(spans[child]!), at);
      // One that began later than what is left to explain ran beside it, or after all was over.
      if (ended <= began) continue;
      if (ended < at) path[span]!.push({ from: ended, to: at });
      waiting.push([child, began, ended]);
      at = began;
    }
    if (at > start) path[span]!.push({ from: start, to: at });
  }
  return path;
}

/** How long the path stays in each kind of work, the longest first. */
export interface Share {
  readonly service: string;
  readonly operation: string;
  readonly ms: number;
  /** 0 to 1 of the path. */
  readonly part: number;
}

export function sharesOf(spans: readonly Pick<Span, 'service' | 'operation'>[], path: readonly (readonly Stretch[])[]): readonly Share[] {
  const sums = new Map<string, { service: string; operation: string; ms: number }>();
  spans.forEach(({ service, operation }, index) => {
    const ms = path[index]!.reduce((sum, { from, to }) => sum + to - from, 0);
    const key = JSON.stringify([service, operation]);
    if (ms > 0) sums.set(key, { service, operation, ms: ms + (sums.get(key)?.ms ?? 0) });
  });
  const whole = [...sums.values()].reduce((sum, { ms }) => sum + ms, 0);
  return [...sums.values()].sort((a, b) => b.ms - a.ms).map((sum) => ({ ...sum, part: sum.ms / whole }));
}

/** Children of each span, that which ended last first. */
function childrenOf(spans: readonly Timed[]): readonly (readonly number[])[] {
  const children: number[][] = spans.map(() => []);
  parentsOf(spans).forEach((parent, index) => {
    if (parent >= 0) children[parent]!.push(index);
  });
  return children.map((all) => all.sort((a, b) => endOf(spans[b]!) - endOf(spans[a]!)));
}

function longestFirst(spans: readonly Timed[]): number {
  return spans.reduce((found, { depth, durationMs }, index) => {
    const longer = depth === 0 && (found < 0 || durationMs > spans[found]!.durationMs);
    return longer ? index : found;
  }, -1);
}

function endOf({ offsetMs, durationMs }: Timed): number {
  return offsetMs + durationMs;
}
