/** Who calls whom, and where each stands in the picture: callers to the left of whom they call. */

export type NodeKind = 'service' | 'database' | 'queue' | 'external';

export interface Calls {
  readonly calls: number;
  readonly errors: number;
  readonly p50: number;
  readonly p95: number;
}

export interface MapNode extends Calls {
  readonly name: string;
  readonly kind: NodeKind;
}

export interface MapEdge extends Calls {
  readonly caller: string;
  readonly callee: string;
}

export interface ServiceMap {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** Whether counts are made of every n-th trace. */
  readonly estimated: boolean;
}

export interface Place {
  readonly column: number;
  /** From the top, half rows too. */
  readonly row: number;
}

export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly columns: number;
  readonly rows: number;
}

type Pair = Pick<MapEdge, 'caller' | 'callee'>;

/** Sweeps in which each stands beside those it has to do with: more change little. */
const SWEEPS = 4;

export function layoutOf(names: readonly string[], edges: readonly Pair[]): Layout {
  const forward = withoutCircles(names, edges);
  const columns = columnsOf(names, forward);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) settle(columns, forward, sweep % 2 === 0);
  const rows = Math.max(0, ...columns.map(({ length }) => length));
  const places = columns.flatMap((column, at) =>
    column.map((name, place) => [name, { column: at, row: place + (rows - column.length) / 2 }] as const),
  );
  return { places: new Map(places), columns: columns.length, rows };
}

/** Errors as a part of the calls, 0 to 1. */
export function failing({ calls, errors }: Calls): number {
  return calls > 0 ? errors / calls : 0;
}

/** The edges but those that lead back to who called: a circle has no left and right. */
function withoutCircles(names: readonly string[], edges: readonly Pair[]): readonly Pair[] {
  const called = new Set(edges.filter(({ caller, callee }) => caller !== callee).map(({ callee }) => callee));
  const below = new Map(names.map((name) => [name, edges.filter(({ caller }) => caller === name).map(({ callee }) => callee)]));
  const open = new Set<string>();
  const done = new Set<string>();
  const kept: Pair[] = [];
  const visit = (name: string): void => {
    if (done.has(name)) return;
    open.add(name);
    for (const callee of below.get(name) ?? []) {
      if (open.has(callee)) continue;
      kept.push({ caller: name, callee });
      visit(callee);
    }
    open.delete(name);
    done.add(name);
  };
  names.filter((name) => !called.has(name)).forEach(visit);
  names.forEach(visit);
  return kept;
}

/** Each one column behind the last of those who call it. */
function columnsOf(names: readonly string[], edges: readonly Pair[]): string[][] {
  const ranks = new Map(names.map((name) => [name, 0]));
  // Without circles no way is longer than there are nodes.
  for (let turn = 0, moved = true; moved && turn <= names.length; turn += 1) {
    moved = false;
    for (const { caller, callee } of edges) {
      const rank = (ranks.get(caller) ?? 0) + 1;
      if (rank <= (ranks.get(callee) ?? 0)) continue;
      ranks.set(callee, rank);
      moved = true;
    }
  }
  const columns: string[][] = [];
  for (const name of names) (columns[ranks.get(name)!] ??= []).push(name);
  return Array.from(columns, (column) => column ?? []);
}

/** Orders each column by the middle of its neighbours to the left, or to the right. */
function settle(columns: string[][], edges: readonly Pair[], rightward: boolean): void {
  const places = new Map<string, number>();
  const note = (column: readonly string[]): void => column.forEach((name, place) => places.set(name, place - column.length / 2));
  columns.forEach(note);
  const middle = (name: string): number => {
    const beside = edges.flatMap(({ caller, callee }) => (rightward && callee === name ? [caller] : !rightward && caller === name ? [callee] : []));
    const sum = beside.reduce((total, other) => total + (places.get(other) ?? 0), 0);
    return beside.length > 0 ? sum / beside.length : (places.get(name) ?? 0);
  };
  for (const column of rightward ? columns : columns.toReversed()) {
    const middles = new Map(column.map((name) => [name, middle(name)]));
    column.sort((a, b) => middles.get(a)! - middles.get(b)!);
    note(column);
  }
}
