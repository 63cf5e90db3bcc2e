import { expect, it } from 'vitest';
import { COLUMNS, freeSpot, moved, settled, within, type Standing } from '../../../src/state/dashboards/grid';

const pair: readonly Standing[] = [
  { id: 'a', x: 0, y: 0, width: 6, height: 4 },
  { id: 'b', x: 6, y: 0, width: 6, height: 4 },
];

function isApart(all: readonly Standing[]): boolean {
  return all.every((one, place) =>
    all.slice(place + 1).every((other) => one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y),
  );
}

it('makes room for what is put on something else', () => {
  const [a, b] = moved(pair, 'b', { x: 0, y: 0, width: 6, height: 4 });
  expect(b).toMatchObject({ x: 0, y: 0 });
  expect(a).toMatchObject({ x: 0, y: 4 });
});

it('moves up what has room above it', () => expect(settled([{ id: 'a', x: 0, y: 9, width: 3, height: 2 }])[0]!.y).toBe(0));

it('stays within the grid', () => expect(within({ x: 11, y: -3, width: 20, height: 0 })).toEqual({ x: 0, y: 0, width: COLUMNS, height: 1 }));

it('finds room beside, else below', () => {
  expect(freeSpot(pair.slice(0, 1), { width: 6, height: 4 })).toMatchObject({ x: 6, y: 0 });
  expect(freeSpot(pair, { width: 3, height: 2 })).toMatchObject({ x: 0, y: 4 });
});

it('lets none cover another, whatever is done', () => {
  let seed = 7;
  const next = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  let all: readonly Standing[] = Array.from({ length: 12 }, (_, place) => ({ id: String(place), ...within({ x: next(12), y: next(20), width: 1 + next(12), height: 1 + next(6) }) }));
  for (let turn = 0; turn < 200; turn += 1) {
    all = moved(all, String(next(12)), { x: next(12), y: next(30), width: 1 + next(12), height: 1 + next(6) });
    expect(isApart(all)).toBe(true);
  }
});
