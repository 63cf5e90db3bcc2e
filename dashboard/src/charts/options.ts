import uPlot from 'uplot';
import { drawMarkers, type Marker } from './markers';
import { sheer, type Palette } from './palette';
import { marksByFactors, rangeByFactors, rangeFor, type ChartSpec, type Pen, type Scale } from './spec';

/** Lines break where nothing was seen for longer than this; a quiet second or two is no gap. */
const GAP_SECONDS = 15;
/** Charts of one name share their cursor. */
export const SYNC = 'overview';

export interface Hooks {
  /** Asked at each drawing, so that a change of face needs no new chart. */
  readonly palette: () => Palette;
  /** Index of the point under the cursor, or null. */
  readonly onRead: (index: number | null) => void;
  /** What happened meanwhile; asked at each drawing. */
  readonly markers: () => readonly Marker[];
}

export function optionsFor(spec: ChartSpec, width: number, height: number, hooks: Hooks): uPlot.Options {
  const { palette, onRead, markers } = hooks;
  const { rem } = palette();
  return {
    width,
    height,
    padding: [rem * 0.5, spec.scales.some((s) => s.side === 'right') ? 0 : rem * 0.75, 0, 0],
    legend: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    scales: { x: { time: true, auto: false }, ...Object.fromEntries(spec.scales.map((s) => [s.name, scale(s)])) },
    series: [{}, ...spec.pens.map((pen) => series(pen, palette))],
    axes: [timeAxis(palette), ...spec.scales.map((s) => valueAxis(s, palette))],
    bands: spec.band ? [band(spec, spec.band, palette)] : [],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: SYNC, setSeries: false },
      points: {
        size: rem * 0.5,
        width: 1.5,
        fill: (u, i) => strokeOf(u, i),
        stroke: () => palette().colour.panel,
      },
    },
    hooks: { setCursor: [(u) => onRead(u.cursor.idx ?? null)], draw: [(u) => drawMarkers(u, markers(), palette())] },
  };
}

function scale(spec: Scale): uPlot.Scale {
  if (spec.logarithmic) return { distr: 3, range: (_u, min, max) => rangeByFactors(spec, min ?? 0, max ?? 0) };
  return { range: (_u, _min, max) => rangeFor(spec, max ?? 0) };
}

function series(pen: Pen, palette: () => Palette): uPlot.Series {
  const colour = (): string => palette().colour[pen.colour];
  return {
    label: pen.label,
    scale: pen.scale,
    stroke: colour,
    width: pen.width,
    points: { show: false },
    ...(pen.filled ? { fill: () => sheer(colour(), 0.13) } : {}),
    gaps: (u, _i, _from, _to, gaps) => gaps.filter(([from, to]) => isLong(u, from, to)),
  };
}

function isLong(u: uPlot, from: number, to: number): boolean {
  return u.posToVal(to, 'x', true) - u.posToVal(from, 'x', true) > GAP_SECONDS;
}

function band(spec: ChartSpec, [upper, lower]: readonly [number, number], palette: () => Palette): uPlot.Band {
  const pen = spec.pens[upper]!;
  return { series: [upper + 1, lower + 1], fill: () => sheer(palette().colour[pen.colour], 0.1) };
}

function strokeOf(u: uPlot, index: number): string {
  const { stroke } = u.series[index]!;
  return typeof stroke === 'function' ? String(stroke(u, index)) : String(stroke ?? '');
}

function timeAxis(palette: () => Palette): uPlot.Axis {
  return {
    ...face(palette),
    size: palette().rem * 1.75,
    incrs: [60, 120, 300],
    space: palette().rem * 3,
    values: (_u, splits) => splits.map((at) => uPlot.fmtDate('{HH}:{mm}')(new Date(at * 1000))),
  };
}

function valueAxis(spec: Scale, palette: () => Palette): uPlot.Axis {
  const { rem } = palette();
  return {
    ...face(palette),
    scale: spec.name,
    side: spec.side === 'left' ? 3 : 1,
    size: rem * (spec.side === 'left' ? 3.25 : 2),
    space: rem * 2.2,
    stroke: () => palette().colour[spec.colour],
    grid: { show: spec.side === 'left', stroke: () => palette().colour.grid, width: 1 },
    splits: (u) => marks(u.scales[spec.name]?.min ?? 0, u.scales[spec.name]?.max ?? 1, spec),
    filter: (_u, splits) => splits,
    values: (_u, splits) => splits.map((value) => spec.mark(value)),
  };
}

/** Marks only where the scale's own part of the height is: none, half, all of it. */
function marks(min: number, max: number, spec: Scale): number[] {
  if (spec.logarithmic) return marksByFactors(min, max);
  const top = (max * (spec.to - spec.from)) / (1 - spec.from);
  return spec.to - spec.from < 0.5 ? [0, top] : [0, top / 2, top];
}

/** How axes look. */
export function face(palette: () => Palette): uPlot.Axis {
  return {
    font: palette().font,
    stroke: () => palette().colour['ink-3'],
    gap: palette().rem * 0.375,
    grid: { stroke: () => palette().colour.grid, width: 1 },
    ticks: { show: true, stroke: () => palette().colour['line-strong'], width: 1, size: palette().rem * 0.25 },
  };
}
