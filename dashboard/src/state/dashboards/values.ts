/** What widgets make of the answers to their questions. */
import { Severity } from '@gen/binnacle/alerts/v1/alerts_pb';
import { Reduction, type Mark } from '@gen/binnacle/dashboards/v1/widgets_pb';
import { readingOf, type Line, type Picture } from '../explore/picture';

/** A line with the figure's own value of the whole range, where it has one. */
export interface Valued extends Line {
  readonly whole: number | null;
}

export interface Answer extends Picture {
  readonly lines: readonly Valued[];
}

export const REDUCTIONS: readonly (readonly [reduction: Reduction, name: string])[] = [
  [Reduction.LAST, 'newest'],
  [Reduction.AVERAGE, 'mean'],
  [Reduction.MINIMUM, 'least'],
  [Reduction.MAXIMUM, 'greatest'],
  [Reduction.SUM, 'sum'],
  [Reduction.TOTAL, 'of the whole time'],
];

export function nameOfReduction(reduction: Reduction): string {
  return REDUCTIONS.find(([one]) => one === (reduction || Reduction.LAST))?.[1] ?? 'newest';
}

/** What is made of the values of one series; null where it has none. */
export function reduced(line: Valued, reduction: Reduction): number | null {
  const { newest, least, mean, greatest } = readingOf(line);
  switch (reduction) {
    case Reduction.AVERAGE:
      return mean;
    case Reduction.MINIMUM:
      return least;
    case Reduction.MAXIMUM:
      return greatest;
    case Reduction.SUM:
      return mean === null ? null : line.values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
    case Reduction.TOTAL:
      return line.whole ?? newest;
    default:
      return newest;
  }
}

export interface Ranked {
  readonly key: string;
  readonly name: string;
  readonly value: number;
  /** Of the longest bar, 0 to 1. */
  readonly share: number;
}

export function ranked({ lines }: Answer, reduction: Reduction, count: number, lowest: boolean): readonly Ranked[] {
  const rows = lines.flatMap((line) => {
    const value = reduced(line, reduction);
    return value === null ? [] : [{ key: line.key, name: line.name, value }];
  });
  rows.sort((a, b) => (lowest ? a.value - b.value : b.value - a.value));
  const shown = rows.slice(0, count || 10);
  const longest = Math.max(...shown.map(({ value }) => Math.abs(value)), Number.MIN_VALUE);
  return shown.map((row) => ({ ...row, share: Math.abs(row.value) / longest }));
}

export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** How often values lie in each of some ranges of one width; empty where there are none. */
export function histogram({ lines }: Answer, buckets: number): readonly Bucket[] {
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  if (values.length === 0) return [];
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) [least, greatest] = [Math.min(least, value), Math.max(greatest, value)];
  const number = least === greatest ? 1 : buckets || 20;
  const width = (greatest - least) / number || 1;
  const counts = new Array<number>(number).fill(0);
  for (const value of values) counts[Math.min(number - 1, Math.floor((value - least) / width))]! += 1;
  return counts.map((count, place) => ({ from: least + place * width, to: least + (place + 1) * width, count }));
}

/** 0 to 1 for each value of a heat map; null where there is none. */
export function warmth({ lines }: Answer, logarithmic: boolean): readonly (readonly (number | null)[])[] {
  const scale = (value: number): number => (logarithmic ? Math.sign(value) * Math.log1p(Math.abs(value)) : value);
  let [least, greatest] = [Infinity, -Infinity];
  for (const { values } of lines) {
    for (const value of values) if (value !== null) [least, greatest] = [Math.min(least, scale(value)), Math.max(greatest, scale(value))];
  }
  const span = greatest - least || 1;
  return lines.map(({ values }) => values.map((value) => (value === null ? null : greatest === least ? 0.5 : (scale(value) - least) / span)));
}

/** Where a step begins and ends on the width of what is shown, 0 to 1. */
export function stretchOf({ times, stepMs, from, to }: Answer, place: number): readonly [begin: number, end: number] {
  const whole = Math.max(to - from, Number.MIN_VALUE);
  const step = stepMs > 0 ? stepMs / 1000 : whole / Math.max(1, times.length);
  const within = (at: number): number => Math.min(1, Math.max(0, (at - from) / whole));
  return [within(times[place]!), within(times[place]! + step)];
}

/** The step at a part of the width; null where there is none. */
export function stepAt(answer: Answer, part: number): number | null {
  const found = answer.times.findIndex((_, place) => {
    const [begin, end] = stretchOf(answer, place);
    return begin <= part && part < end;
  });
  return found < 0 ? null : found;
}

const GRAVITIES: Readonly<Record<Severity, number>> = {
  [Severity.UNSPECIFIED]: 0,
  [Severity.INFO]: 1,
  [Severity.WARNING]: 2,
  [Severity.CRITICAL]: 3,
};
export type Tone = '' | 'warn' | 'bad';

/** How a value is coloured: by the gravest mark that it has crossed. */
export function toneOf(value: number, marks: readonly Pick<Mark, 'value' | 'below' | 'severity'>[]): Tone {
  const crossed = marks.filter((mark) => (mark.below ? value <= mark.value : value >= mark.value));
  return toneOfSeverity(crossed.reduce<Severity>((gravest, { severity }) => (GRAVITIES[severity] > GRAVITIES[gravest] ? severity : gravest), Severity.UNSPECIFIED));
}

export function toneOfSeverity(severity: Severity): Tone {
  if (severity === Severity.CRITICAL) return 'bad';
  return severity === Severity.WARNING ? 'warn' : '';
}
