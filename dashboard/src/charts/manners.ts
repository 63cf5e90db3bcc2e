/** Series drawn otherwise than as lines: filled, as bars, upon each other. */
import uPlot from 'uplot';
import type { Column, Line, Picture } from '../state/explore/picture';
import { sheer } from './palette';

export type Manner = 'line' | 'area' | 'bar' | 'stacked';
type Ink = (line: Line, place: number) => string;

/** Part of a step that its bars fill. */
const FILLED = 0.8;

/** What is drawn of each line; of those upon each other the sum with all that follow, so that the greatest is drawn first. */
export function columnsIn(manner: Manner, lines: readonly Line[]): readonly Column[] {
  if (manner !== 'stacked') return lines.map(({ values }) => values);
  const sums: Column[] = [];
  let below: Column = [];
  for (const { values } of lines.toReversed()) {
    below = values.map((value, place) => (value === null && (below[place] ?? null) === null ? null : (value ?? 0) + (below[place] ?? 0)));
    sums.unshift(below);
  }
  return sums;
}

export function drawnIn(manner: Manner, { lines, stepMs }: Picture, gaps: uPlot.Series.GapsRefiner, ink: Ink): uPlot.Series[] {
  return lines.map((line, place): uPlot.Series => {
    const stroke = (): string => ink(line, place);
    const shared = { label: line.name, stroke, points: { show: false }, gaps };
    if (manner === 'area') return { ...shared, width: 1.5, fill: () => sheer(stroke(), 0.22) };
    if (manner === 'stacked') return { ...shared, width: 1, fill: stroke };
    return { ...shared, width: 0, fill: stroke, paths: bars(place, lines.length, stepMs / 1000) };
  });
}

/** One bar for each value, beside those of the other series of its step. */
function bars(place: number, of: number, step: number): uPlot.Series.PathBuilder {
  return (u, series, from, to) => {
    const [times, values] = [u.data[0], u.data[series]!];
    const ground = u.valToPos(Math.max(0, u.scales['y']!.min ?? 0), 'y', true);
    const wide = Math.max(1, Math.abs(u.valToPos((u.scales['x']!.min ?? 0) + step, 'x', true) - u.valToPos(u.scales['x']!.min ?? 0, 'x', true)) * FILLED);
    const each = wide / of;
    const fill = new Path2D();
    for (let index = from; index <= to; index += 1) {
      const value = values[index];
      if (value == null) continue;
      const [x, y] = [u.valToPos(times[index]!, 'x', true) - wide / 2 + place * each, u.valToPos(value, 'y', true)];
      fill.rect(x, Math.min(y, ground), Math.max(1, each - (each > 4 ? 1 : 0)), Math.abs(ground - y));
    }
    return { stroke: null, fill, clip: null, band: null, gaps: null, flags: 0 } as unknown as uPlot.Series.Paths;
  };
}
