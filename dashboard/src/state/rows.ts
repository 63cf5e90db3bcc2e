/** What a list that grows shows: things that happened, each once, however they came here. */

export interface Row {
  /** The same however it came; two that are alike in everything are one. */
  readonly key: string;
  /** What the store calls it; null where it has no name of its own, as of one that was told live. */
  readonly id: string | null;
  readonly at: number;
}

/** More are not kept: what is older is fetched when somebody asks for it. */
export const MOST_ROWS = 1_000;

/** Rows newest first, each once, the newest of them. */
export function merged<R extends Row>(former: readonly R[], more: readonly R[], most: number = MOST_ROWS): readonly R[] {
  const known = new Map(former.map((row) => [row.key, row]));
  // A row of a list can say more of itself than one that was told live.
  for (const row of more) if (row.id !== null || !known.has(row.key)) known.set(row.key, row);
  return [...known.values()].sort((a, b) => b.at - a.at || (a.key < b.key ? 1 : -1)).slice(0, most);
}
