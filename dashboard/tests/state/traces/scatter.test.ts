import { expect, it } from 'vitest';
import { scatterOf } from '../../../src/state/traces/scatter';

function trace(at: number, durationMs: number): Parameters<typeof scatterOf>[0][number] {
  return { id: String(at), service: 'shop', operation: 'GET /', at, durationMs, spanCount: 1, failedCount: 0, services: ['shop'] };
}

it('dots stand by their time and by factors of their duration', () => {
  const { dots, marks } = scatterOf([trace(0, 10), trace(50, 100), trace(100, 1_000)], [0, 100]);
  expect(dots.map(({ x, y }) => [x, y])).toEqual([[0, 0], [0.5, 0.5], [1, 1]]);
  expect(marks).toEqual([{ ms: 10, y: 0 }, { ms: 100, y: 0.5 }, { ms: 1_000, y: 1 }]);
});

it('one that took no time has a place too', () => expect(scatterOf([trace(5, 0)], [0, 10]).dots[0]).toMatchObject({ x: 0.5, y: 0 }));

it('nothing has no scale', () => expect(scatterOf([], [0, 10])).toEqual({ dots: [], marks: [] }));
