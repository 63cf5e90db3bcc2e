/** Where widgets stand on the grid of 12 columns. */

export const COLUMNS = 12;
/** Of what is added without saying where. */
export const USUAL = { width: 6, height: 4 } as const;
const HIGHEST = 100;

export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Standing extends Spot {
  readonly id: string;
}

/** The same within the grid, in whole columns and rows. */
export function within({ x, y, width, height }: Spot): Spot {
  const wide = clamp(width, 1, COLUMNS);
  return { x: clamp(x, 0, COLUMNS - wide), y: clamp(y, 0, 10_000), width: wide, height: clamp(height, 1, HIGHEST) };
}

/**
 * One of them moved or resized: what it would cover makes room below it, and all move up as far as they can. None ever
 * covers another.
 */
export function moved(all: readonly Standing[], id: string, spot: Spot): readonly Standing[] {
  const wanted = all.map((one) => (one.id === id ? { ...one, ...within(spot) } : one));
  return settled(wanted, id);
}

/** All as far up as they can be, in their order; `first` goes before what stands beside it. */
export function settled(all: readonly Standing[], first = ''): readonly Standing[] {
  const order = [...all].sort((a, b) => a.y - b.y || Number(b.id === first) - Number(a.id === first) || a.x - b.x);
  const placed: Standing[] = [];
  for (const one of order) {
    const covered = placed.filter((other) => other.x < one.x + one.width && one.x < other.x + other.width);
    const y = covered.reduce((lowest, other) => Math.max(lowest, other.y + other.height), 0);
    placed.push({ ...one, y });
  }
  const spots = new Map(placed.map((one) => [one.id, one]));
  return all.map(({ id }) => spots.get(id)!);
}

/** The row below all of them. */
export function bottom(all: readonly Spot[]): number {
  return all.reduce((lowest, { y, height }) => Math.max(lowest, y + height), 0);
}

/** The first place, from the top left, that has room for something of this size; below all at the latest. */
export function freeSpot(all: readonly Spot[], { width, height }: Pick<Spot, 'width' | 'height'>): Spot {
  const below = bottom(all);
  for (let y = 0; y < below; y += 1) {
    for (let x = 0; x + width <= COLUMNS; x += 1) {
      const spot = { x, y, width, height };
      if (!all.some((other) => covers(other, spot))) return spot;
    }
  }
  return { x: 0, y: below, width, height };
}

function covers(one: Spot, other: Spot): boolean {
  return one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;
}

/** In the order people read them: where there is one column only, and for the keyboard. */
export function inReadingOrder<S extends Spot>(all: readonly S[]): readonly S[] {
  return [...all].sort((a, b) => a.y - b.y || a.x - b.x);
}

export function isSameSpot(one: Spot, other: Spot): boolean {
  return one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(Math.round(value), least), most);
}
