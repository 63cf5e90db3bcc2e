/** How a chart of any series is drawn: lines, the range each step went through, an earlier period dashed. */
import uPlot from 'uplot';
import { MOST_RANGES, type Column, type Line, type Picture } from '../state/explore/picture';
import { drawLimits, drawMarkers, type Marker } from './markers';
import { columnsIn, drawnIn, type Manner } from './manners';
import { face } from './options';
import { seriesToken, sheer, type Palette } from './palette';

/** Charts of one name share their cursor. */
export const SYNC = 'explore';
/** So many times the usual distance of a line's values is a gap. */
const MISSED_TURNS = 3.5;
/** Fewer points than this are marked, so that a lone one is seen. */
const FEW_POINTS = 60;
/** Lines of more points than this are thin: broader ones become blots, and without a graphics card cost fifty times as much. */
const MANY_POINTS = 200;
const [BROAD, THIN] = [1.5, 1];

export interface Hooks {
  readonly palette: () => Palette;
  readonly onRead: (index: number | null) => void;
  readonly onZoom: (from: number, to: number) => void;
  readonly markers: () => readonly Marker[];
  readonly write: (value: number) => string;
  /** Key of the one line that stands out; null for none. */
  readonly chosen: () => string | null;
  /** Values that must not be crossed; always within the picture. */
  readonly limits: () => readonly number[];
}

/** How it is drawn, and ends of its axis that are given. */
export interface Drawing {
  readonly manner: Manner;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
}

const AS_LINES: Drawing = { manner: 'line' };

/** Whether a chart made for one picture can show another. */
export function shapeOf({ lines, times }: Picture): string {
  return JSON.stringify([widthOf(times), ...lines.map((line) => [line.key, line.name, line.earlier !== null, line.least !== null])]);
}

export function dataOf(picture: Picture, manner: Manner = 'line'): uPlot.AlignedData {
  const columns = manner === 'line' ? picture.lines.flatMap((line) => columnsOf(line, picture.lines)) : columnsIn(manner, picture.lines);
  return [picture.times, ...columns] as uPlot.AlignedData;
}

export function seriesOptions(picture: Picture, width: number, height: number, hooks: Hooks, drawing = AS_LINES): uPlot.Options {
  const { palette } = hooks;
  const { rem } = palette();
  return {
    width,
    height,
    // On the right there is room for half of a time.
    padding: [rem * 0.5, rem * 1.25, 0, 0],
    legend: { show: false },
    scales: { x: { time: true, auto: false }, y: { range: (_u, min, max) => within(drawing, rangeOf(min, max, hooks.limits())) } },
    series: [{}, ...(drawing.manner === 'line' ? seriesOf(picture, hooks) : drawnIn(drawing.manner, picture, gapsOf, (line, place) => inkOf(line, place, hooks)))],
    bands: drawing.manner === 'line' ? bands(picture, hooks) : [],
    axes: [
      { ...face(palette), size: rem * 1.75, space: rem * 5, values: (_u, splits, _axis, _space, step) => splits.map((at) => timeMark(at, step)) },
      { ...face(palette), size: rem * 4.25, space: rem * 2.2, values: (_u, splits) => splits.map(hooks.write) },
    ],
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: 6 },
      // Twice is no way out: that is beside the charts.
      bind: { dblclick: () => null },
      // The others go along where one is read, not where it is dragged.
      sync: { key: SYNC, setSeries: false, filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
      points: { size: rem * 0.45, width: 1.5 },
    },
    hooks: {
      setCursor: [(u) => hooks.onRead(u.cursor.idx ?? null)],
      setSelect: [(u) => zoom(u, hooks)],
      draw: [(u) => drawMarkers(u, hooks.markers(), palette()), (u) => drawLimits(u, hooks.limits(), palette())],
    },
  };
}

/** What is drawn of a line, in the order of its series. */
function columnsOf(line: Line, lines: readonly Line[]): Column[] {
  return [line.values, ...(hasRange(lines, line) ? [line.greatest!, line.least!] : []), ...(line.earlier ? [line.earlier] : [])];
}

function widthOf(times: Picture['times']): number {
  return times.length > MANY_POINTS ? THIN : BROAD;
}

function seriesOf({ lines, times }: Picture, hooks: Hooks): uPlot.Series[] {
  const points: uPlot.Series.Points = { show: (u) => u.data[0].length < FEW_POINTS, size: 4 };
  const shared: uPlot.Series = { points: { show: false }, gaps: gapsOf };
  return lines.flatMap((line, place) => {
    const stroke = (): string => inkOf(line, place, hooks);
    return [
      { ...shared, label: line.name, stroke, width: widthOf(times), points },
      ...(hasRange(lines, line) ? [{ ...shared, stroke: 'transparent' }, { ...shared, stroke: 'transparent' }] : []),
      ...(line.earlier ? [{ ...shared, stroke, width: 1, dash: [4, 4], alpha: 0.8 }] : []),
    ];
  });
}

/**
 * Series that are measured at different times have no values at each other's, which is no gap: some turns of its own
 * may be missed. Where nothing at all was measured there are no times either.
 */
export function gapsOf(u: uPlot, series: number, _from: number, _to: number, all: uPlot.Series.Gaps): uPlot.Series.Gaps {
  const [times, values] = [u.data[0], u.data[series]!];
  if (all.length === 0 && isEven(times)) return all;
  const measured = Array.from(times).filter((_, place) => values[place] != null);
  const distances = measured.slice(1).map((at, place) => at - measured[place]!);
  const bridge = (distances.toSorted((a, b) => a - b)[distances.length >> 1] ?? Infinity) * MISSED_TURNS;
  const along = (at: number): number => u.valToPos(at, 'x', true);
  return distances.flatMap((distance, place): uPlot.Series.Gaps => (distance > bridge ? [[along(measured[place]!), along(measured[place + 1]!)]] : []));
}

/** Whether none is much further from the one before it than others are. */
function isEven(times: ArrayLike<number>): boolean {
  let [least, greatest] = [Infinity, 0];
  for (let place = 1; place < times.length; place += 1) {
    const distance = times[place]! - times[place - 1]!;
    [least, greatest] = [Math.min(least, distance), Math.max(greatest, distance)];
  }
  return greatest <= least * MISSED_TURNS;
}

/** The ground between the greatest and the least sample of each step. */
function bands({ lines }: Picture, hooks: Hooks): uPlot.Band[] {
  let series = 1;
  return lines.flatMap((line, place) => {
    const first = series;
    const ranged = hasRange(lines, line);
    series += 1 + (ranged ? 2 : 0) + (line.earlier ? 1 : 0);
    if (!ranged) return [];
    return [{ series: [first + 1, first + 2] as [number, number], fill: () => sheer(inkOf(line, place, hooks), 0.18) }];
  });
}

function hasRange(lines: readonly Line[], line: Line): boolean {
  return line.least !== null && line.greatest !== null && lines.length <= MOST_RANGES;
}

function inkOf(line: Line, place: number, hooks: Hooks): string {
  const colour = hooks.palette().colour[seriesToken(place)];
  const chosen = hooks.chosen();
  return chosen === null || chosen === line.key ? colour : sheer(colour, 0.18);
}

function rangeOf(min: number | null, max: number | null, limits: readonly number[]): uPlot.Range.MinMax {
  if (min === null || max === null) return [0, 1];
  const edge = { pad: 0.1, soft: 0, mode: 2 } as const;
  return uPlot.rangeNum(Math.min(min, ...limits), Math.max(max, ...limits), { min: edge, max: edge });
}

function within({ minimum, maximum }: Drawing, [low, high]: uPlot.Range.MinMax): uPlot.Range.MinMax {
  return [minimum ?? low, maximum ?? high];
}

function zoom(u: uPlot, { onZoom }: Hooks): void {
  const { left, width } = u.select;
  if (width <= 0) return;
  onZoom(u.posToVal(left, 'x') * 1000, u.posToVal(left + width, 'x') * 1000);
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

const DAY_SECONDS = 86_400;

/** As exact as the distance of marks asks for; a midnight is told by its day. */
function timeMark(at: number, step: number): string {
  const date = new Date(at * 1000);
  const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
  if (step >= DAY_SECONDS || (midnight && step >= 60)) return uPlot.fmtDate('{D} {MMM}')(date);
  return uPlot.fmtDate(step < 60 ? '{HH}:{mm}:{ss}' : '{HH}:{mm}')(date);
}
