import type { Line } from '../state/trends';

const WIDTH = 100;
const HEIGHT = 24;
const MARGIN = 2;
/** The least span shown, as a part of the largest value: a steady figure should look steady. */
const LEAST_SPAN = 0.2;

/** Which part of the slots must be filled before a line says anything. */
const LEAST_FILLED = 0.03;

/** Two SVG paths in a box of 100 × 24: the line, and the ground under it. */
export interface Drawn {
  readonly line: string;
  readonly ground: string;
}

export function sparkline(values: Line, slots: number): Drawn {
  const [low, high] = span(values);
  const offset = Math.max(0, slots - values.length);
  const x = (index: number): string => (((offset + index) / Math.max(1, slots - 1)) * WIDTH).toFixed(1);
  const y = (value: number): string => (HEIGHT - MARGIN - ((value - low) / (high - low)) * (HEIGHT - 2 * MARGIN)).toFixed(1);
  const places = values.flatMap((value, index) => (value === null ? [] : [`${x(index)} ${y(value)}`]));
  if (places.length < Math.max(2, slots * LEAST_FILLED)) return { line: '', ground: '' };
  const line = `M${places.join('L')}`;
  const start = places[0]!.split(' ')[0];
  const end = places.at(-1)!.split(' ')[0];
  return { line, ground: `${line}L${end} ${HEIGHT}L${start} ${HEIGHT}Z` };
}

function span(values: Line): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const missing = Math.max(high, 1e-9) * LEAST_SPAN - (high - low);
  if (missing > 0) {
    low = Math.max(0, low - missing / 2);
    high = low + Math.max(high, 1e-9) * LEAST_SPAN + 1e-12;
  }
  return [low, high];
}
