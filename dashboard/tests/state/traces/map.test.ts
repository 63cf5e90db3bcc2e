import { describe, expect, it } from 'vitest';
import { failing, layoutOf, type Place } from '../../../src/state/traces/map';

function placed(names: string, ...calls: string[]): (name: string) => Place {
  const edges = calls.map((call) => ({ caller: call[0]!, callee: call[1]! }));
  const { places } = layoutOf([...names], edges);
  return (name) => places.get(name)!;
}

describe('a map', () => {
  it('has callers to the left of whom they call', () => {
    const at = placed('abcd', 'ab', 'bc', 'ac', 'cd');
    expect(['a', 'b', 'c', 'd'].map((name) => at(name).column)).toEqual([0, 1, 2, 3]);
  });

  it('bears circles, and who calls itself', () => {
    const at = placed('abc', 'ab', 'bc', 'ca', 'bb');
    expect(['a', 'b', 'c'].map((name) => at(name).column)).toEqual([0, 1, 2]);
  });

  it('has no two at one place', () => {
    const { places, columns, rows } = layoutOf([...'abcdefgh'], [..."abacadbebfcgdhhe".matchAll(/(.)(.)/g)].map(([, caller, callee]) => ({ caller: caller!, callee: callee! })));
    const all = [...places.values()];
    expect(new Set(all.map(({ column, row }) => `${column} ${row}`)).size).toBe(8);
    expect(all.every(({ column, row }) => column < columns && row < rows)).toBe(true);
  });

  it('has who has to do with each other side by side', () => {
    const at = placed('abxy', 'ay', 'bx');
    expect(at('a').row < at('b').row).toBe(at('y').row < at('x').row);
  });

  it('of nobody is empty', () => expect(layoutOf([], [])).toMatchObject({ columns: 0, rows: 0 }));

  it('has no failures without calls', () => expect(failing({ calls: 0, errors: 0, p50: 0, p95: 0 })).toBe(0));
});
