import { describe, expect, it } from 'vitest';
import { merged, type Row } from '../../src/state/rows';

function row(at: number, id: string | null = null): Row {
  return { key: `row ${at}`, id, at };
}
const times = (rows: readonly Row[]): number[] => rows.map(({ at }) => at);

describe('rows', () => {
  it('stand newest first, each once, however they came', () => {
    const listed = merged([row(3), row(2)], [row(2, 'two'), row(1, 'one')]);
    expect(times(listed)).toEqual([3, 2, 1]);
    expect(times(merged(listed, [row(2), row(4)]))).toEqual([4, 3, 2, 1]);
  });

  it('keep what the store says of them', () => expect(merged([row(2, 'two')], [row(2)])[0]!.id).toBe('two'));

  it('are no more than asked for', () => expect(times(merged([row(1), row(2)], [row(3)], 2))).toEqual([3, 2]));
});
