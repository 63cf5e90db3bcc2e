import type { Columns } from '../state/points';
import type { Token } from './palette';

/** One line of a chart. */
export interface Pen {
  readonly column: Exclude<keyof Columns, 'times'>;
  readonly label: string;
  readonly colour: Token;
  /** Which of the chart's scales it is drawn on. */
  readonly scale: string;
  /** In CSS pixels. */
  readonly width: number;
  /** Whether the ground under it is tinted. */
  readonly filled?: boolean;
}

/** A vertical scale: which part of the height it takes, counted from the bottom, 0 to 1. */
export interface Scale {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** The least top value, so that near-silence does not look like a storm. */
  readonly atLeast: number;
  readonly side: 'left' | 'right';
  readonly colour: Token;
  /** Each step up is a factor: for values of which the small ones matter as much as the large. Takes the whole height. */
  readonly logarithmic?: boolean;
  /** How the marks beside it are written. */
  readonly mark: (value: number) => string;
}

export interface ChartSpec {
  readonly pens: readonly Pen[];
  readonly scales: readonly Scale[];
  /** Two pens, upper then lower, between which the ground is tinted. */
  readonly band?: readonly [upper: number, lower: number];
  /** How a reading is written. */
  readonly write: (value: number) => string;
}

/** The next of 1, 2, 3, 5, 8 × 10ⁿ at or above: tops that seldom move while values do. */
export function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 3, 5, 8, 10].find((candidate) => candidate * power >= value * 0.999_999) ?? 10;
  return step * power;
}

/** The range of a logarithmic scale: a factor of ten at least, its ends at 1, 2 or 5 × 10ⁿ. */
export function rangeByFactors(scale: Scale, lowest: number, highest: number): [number, number] {
  const low = floorStep(lowest > 0 ? lowest : scale.atLeast / 10);
  return [low, Math.max(ceilStep(highest), low * 10)];
}

/** The marks of a logarithmic scale: 1, 2 and 5 × 10ⁿ, or over a wide range only 1. */
export function marksByFactors(low: number, high: number): number[] {
  const steps = high / low > 120 ? [1] : [1, 2, 5];
  const marks: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    for (const step of steps) if (step * power >= low * 0.999 && step * power <= high * 1.001) marks.push(step * power);
  }
  return marks;
}

function floorStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([5, 2].find((step) => step * power <= value) ?? 1);
}

function ceilStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-6)));
  return power * ([1, 2, 5].find((step) => step * power >= value * 0.999_999) ?? 10);
}

/** The range of a scale of which the values fill only their part of the height. */
export function rangeFor(scale: Scale, highest: number): [number, number] {
  const top = niceTop(Math.max(highest * 1.05, scale.atLeast));
  const whole = top / (scale.to - scale.from);
  return [-scale.from * whole, (1 - scale.from) * whole];
}
