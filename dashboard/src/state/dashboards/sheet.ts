/** What a widget shows, as rows: the same that its export holds. */
import type { Line, Picture } from '../explore/picture';

export type Cell = string | number | null;

export interface Sheet {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A row a step, a column a line. */
export function sheetOfLines({ times }: Picture, lines: readonly Line[]): Sheet {
  return {
    columns: ['time', ...lines.map(({ name }) => name)],
    rows: times.map((at, place) => [new Date(at * 1000).toISOString(), ...lines.map(({ values }) => values[place] ?? null)]),
  };
}

export function sheetToCsv({ columns, rows }: Sheet): string {
  return [distinct(columns), ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

/** What there is of nothing. */
export const EMPTY: Sheet = { columns: ['series', 'value'], rows: [] };

/** An object a row. */
export function sheetToJson({ columns, rows }: Sheet): string {
  const names = distinct(columns);
  const objects = rows.map((row) => Object.fromEntries(names.map((name, place) => [name, row[place] ?? null])));
  return `${JSON.stringify(objects, null, 1)}\n`;
}

/** Series may be called the same; a column that is called like one before it has its number behind it. */
function distinct(columns: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return columns.map((name) => {
    let free = name;
    for (let number = 2; taken.has(free); number += 1) free = `${name} (${number})`;
    taken.add(free);
    return free;
  });
}

/** A text that a spreadsheet would take for a formula is told as text. */
function quoted(value: Cell): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
