/** What a chart of Explore draws, its table tells and its export holds. */

/** One series of an answer, as the wire told it: NaN where there is no value. */
export interface AnsweredSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  /** Least and greatest sample of each step; empty where untold. */
  readonly minimums: readonly number[];
  readonly maximums: readonly number[];
}

/** Of more lines than this the ranges of their steps hide each other. */
export const MOST_RANGES = 4;

export type Column = readonly (number | null)[];

export interface Line {
  /** The same as long as its labels are. */
  readonly key: string;
  /** What tells it from the others. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Column;
  readonly least: Column | null;
  readonly greatest: Column | null;
  /** The same series in an earlier period, at today's times. */
  readonly earlier: Column | null;
}

export interface Picture {
  /** Seconds since 1970, growing. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly stepMs: number;
  /** Ends of what is shown, in seconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly notices: readonly string[];
}

export interface Answered {
  readonly timesMs: readonly number[];
  readonly now: readonly AnsweredSeries[];
  readonly earlier: readonly AnsweredSeries[];
  readonly stepMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly notices: readonly string[];
}

export function pictureOf({ timesMs, now, earlier, stepMs, fromMs, toMs, notices }: Answered): Picture {
  const names = namesOf(now.map(({ labels }) => labels));
  const before = new Map(earlier.map((series) => [keyOf(series.labels), series]));
  const lines = now.map((series, place): Line => {
    const key = keyOf(series.labels);
    const former = before.get(key);
    return {
      key,
      name: names[place]!,
      labels: series.labels,
      values: column(series.values),
      least: series.minimums.length > 0 ? column(series.minimums) : null,
      greatest: series.maximums.length > 0 ? column(series.maximums) : null,
      earlier: former ? column(former.values) : null,
    };
  });
  return { times: timesMs.map((at) => at / 1000), lines, stepMs, from: fromMs / 1000, to: toMs / 1000, notices };
}

/** What tells series apart: the values of those labels that are not the same in all. */
export function namesOf(all: readonly Readonly<Record<string, string>>[]): readonly string[] {
  const labels = [...new Set(all.flatMap((one) => Object.keys(one)))].sort();
  const differing = labels.filter((label) => new Set(all.map((one) => one[label] ?? '')).size > 1);
  // One alone is told by what it is grouped by.
  const telling = differing.length > 0 || labels.includes('__name__') ? differing : labels;
  const [only] = telling;
  return all.map((one) => {
    if (only === undefined) return one['__name__'] ?? 'all together';
    if (telling.length === 1) return one[only] || `no ${only}`;
    return telling.flatMap((label) => (one[label] ? [`${label}=${one[label]}`] : [])).join(' ');
  });
}

export interface Reading {
  readonly newest: number | null;
  readonly least: number | null;
  readonly mean: number | null;
  readonly greatest: number | null;
  /** Change of the mean against the earlier period, in percent. */
  readonly change: number | null;
}

/** What the table says of a line. */
export function readingOf(line: Line): Reading {
  const mean = meanOf(line.values);
  const before = line.earlier && meanOf(line.earlier);
  return {
    newest: line.values.findLast((value) => value !== null) ?? null,
    least: extreme(line.least ?? line.values, Math.min),
    mean,
    greatest: extreme(line.greatest ?? line.values, Math.max),
    change: mean !== null && before ? (100 * (mean - before)) / Math.abs(before) : null,
  };
}

/** The lines as a file of comma-separated values: a row a step, a column a line. */
export function toCsv({ times }: Picture, lines: readonly Line[]): string {
  const columns = columnsOf(lines);
  const rows = times.map((at, place) => [new Date(at * 1000).toISOString(), ...columns.map(([, values]) => values[place] ?? '')]);
  return [['time', ...columns.map(([name]) => name)], ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

/** The same as JSON: an object a step. */
export function toJson({ times }: Picture, lines: readonly Line[]): string {
  const columns = columnsOf(lines);
  const rows = times.map((at, place) => ({
    time: new Date(at * 1000).toISOString(),
    ...Object.fromEntries(columns.map(([name, values]) => [name, values[place] ?? null])),
  }));
  return `${JSON.stringify(rows, null, 1)}\n`;
}

function columnsOf(lines: readonly Line[]): readonly (readonly [string, Column])[] {
  return lines.flatMap((line) => [
    [line.name, line.values] as const,
    ...(line.least ? [[`${line.name} least`, line.least] as const] : []),
    ...(line.greatest ? [[`${line.name} greatest`, line.greatest] as const] : []),
    ...(line.earlier ? [[`${line.name} earlier`, line.earlier] as const] : []),
  ]);
}

function quoted(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function column(values: readonly number[]): Column {
  return values.map((value) => (Number.isNaN(value) ? null : value));
}

function meanOf(values: Column): number | null {
  let [sum, count] = [0, 0];
  for (const value of values) {
    if (value === null) continue;
    sum += value;
    count += 1;
  }
  return count > 0 ? sum / count : null;
}

function extreme(values: Column, of: (a: number, b: number) => number): number | null {
  return values.reduce<number | null>((found, value) => (value === null ? found : found === null ? value : of(found, value)), null);
}
