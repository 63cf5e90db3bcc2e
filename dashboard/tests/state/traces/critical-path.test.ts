import { describe, expect, it } from 'vitest';
import { criticalPath, sharesOf } from '../../../src/state/traces/critical-path';

type Timed = Parameters<typeof criticalPath>[0][number];

function span(depth: number, from: number, to: number): Timed {
  return { depth, offsetMs: from, durationMs: to - from };
}
const pathOf = (...spans: Timed[]): [from: number, to: number][][] => criticalPath(spans).map((all) => all.map(({ from, to }) => [from, to]));

describe('the critical path', () => {
  it('of a span alone is the span', () => expect(pathOf(span(0, 0, 10))).toEqual([[[0, 10]]]));

  it('goes through what was called one after the other', () => {
    expect(pathOf(span(0, 0, 100), span(1, 10, 40), span(1, 50, 90))).toEqual([
      [[90, 100], [40, 50], [0, 10]],
      [[10, 40]],
      [[50, 90]],
    ]);
  });

  it('goes through the last of what ran side by side, and not through the others', () => {
    expect(pathOf(span(0, 0, 100), span(1, 10, 60), span(1, 10, 90))).toEqual([[[90, 100], [0, 10]], [], [[10, 90]]]);
  });

  it('takes of one that overlaps the part before', () => {
    expect(pathOf(span(0, 0, 100), span(1, 0, 60), span(1, 50, 100))).toEqual([[], [[0, 50]], [[50, 100]]]);
  });

  it('passes over what goes on after the end', () => {
    expect(pathOf(span(0, 0, 50), span(1, 20, 90), span(1, 60, 70))).toEqual([[[0, 20]], [[20, 50]], []]);
  });

  it('goes down', () => {
    expect(pathOf(span(0, 0, 30), span(1, 0, 30), span(2, 10, 30))).toEqual([[], [[0, 10]], [[10, 30]]]);
  });

  it('is that of the longest where several are first', () => expect(pathOf(span(0, 0, 5), span(0, 2, 20))).toEqual([[], [[2, 20]]]));

  it('of nothing is nothing', () => expect(pathOf()).toEqual([]));

  it('covers the whole time once, whatever the spans', () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    for (let round = 0; round < 200; round += 1) {
      const spans = [span(0, 0, 1_000)];
      for (let depth = 1; spans.length < 40; depth = 1 + Math.floor(random() * Math.min(depth + 1, 6))) {
        const from = random() * 1_000;
        spans.push(span(depth, from, from + random() * 600));
      }
      const stretches = criticalPath(spans).flat().toSorted((a, b) => a.from - b.from);
      expect(stretches[0]!.from).toBe(0);
      expect(stretches.at(-1)!.to).toBe(1_000);
      stretches.slice(1).forEach(({ from }, place) => expect(from).toBe(stretches[place]!.to));
    }
  });

  it('is told by kind of work', () => {
    const spans = [
      { ...span(0, 0, 100), service: 'shop', operation: 'GET /' },
      { ...span(1, 10, 40), service: 'db', operation: 'SELECT' },
      { ...span(1, 50, 95), service: 'db', operation: 'SELECT' },
    ];
    expect(sharesOf(spans, criticalPath(spans))).toEqual([
      { service: 'db', operation: 'SELECT', ms: 75, part: 0.75 },
      { service: 'shop', operation: 'GET /', ms: 25, part: 0.25 },
    ]);
  });
});
