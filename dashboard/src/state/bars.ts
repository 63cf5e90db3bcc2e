/** Counts over time, as stacked bars. */

/** Counts of one kind, and its colour. */
export interface Stack {
  readonly name: string;
  readonly counts: readonly number[];
  readonly total: number;
  /** A colour of CSS. */
  readonly ink: string;
}

/** One bar's part: 0 to 1 of the height, from the bottom. */
export interface Part {
  readonly name: string;
  readonly ink: string;
  readonly from: number;
  readonly to: number;
}

export interface Bar {
  readonly at: number;
  readonly total: number;
  readonly parts: readonly Part[];
}

/** The first stands on the ground, where its height can be read. */
export function barsOf(starts: readonly number[], stacks: readonly Stack[]): readonly Bar[] {
  const totals = starts.map((_, place) => stacks.reduce((sum, { counts }) => sum + (counts[place] ?? 0), 0));
  const most = Math.max(1, ...totals);
  return starts.map((at, place) => {
    let height = 0;
    const parts = stacks.flatMap(({ name, ink, counts }) => {
      const from = height;
      height += (counts[place] ?? 0) / most;
      return height > from ? [{ name, ink, from, to: height }] : [];
    });
    return { at, total: totals[place]!, parts };
  });
}
