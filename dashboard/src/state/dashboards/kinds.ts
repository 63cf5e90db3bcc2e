/** Kinds of widgets: what they are called, what a new one is, what it asks. */
import { create } from '@bufbuild/protobuf';
import { PositionSchema, QuestionSchema, WidgetSchema, type Question, type Widget } from '@gen/binnacle/dashboards/v1/widgets_pb';
import { namesSeries } from '../alerting/draft';
import { freeSpot, USUAL, type Spot } from './grid';

export type Kind = NonNullable<Widget['kind']['case']>;
/** Kinds that ask a question of numbers. */
export type Asking = Exclude<Kind, 'eventFeed' | 'logView' | 'alertList' | 'markdown'>;

export const KINDS: readonly (readonly [kind: Kind, name: string, about: string])[] = [
  ['line', 'Lines', 'Values over time'],
  ['area', 'Areas', 'Values over time, filled'],
  ['bar', 'Bars', 'A bar for each step'],
  ['stacked', 'Stacked', 'Series upon each other'],
  ['number', 'Number', 'One number, with a small line'],
  ['gauge', 'Gauge', 'One number between two bounds'],
  ['table', 'Table', 'A row for each series'],
  ['topList', 'Top list', 'The greatest, as bars'],
  ['heatMap', 'Heat map', 'Values over time as colours'],
  ['histogram', 'Histogram', 'How often values lie where'],
  ['eventFeed', 'Events', 'As they happen'],
  ['logView', 'Log lines', 'As they come'],
  ['alertList', 'Alerts', 'As they stand'],
  ['markdown', 'Text', 'Notes and links'],
];

const CHARTS: readonly Kind[] = ['line', 'area', 'bar', 'stacked'];
const SPOTS: Readonly<Partial<Record<Kind, { readonly width: number; readonly height: number }>>> = {
  number: { width: 3, height: 2 },
  gauge: { width: 3, height: 3 },
  markdown: { width: 12, height: 2 },
};

export function nameOfKind(kind: Kind | undefined): string {
  return KINDS.find(([one]) => one === kind)?.[1] ?? 'Widget';
}

export function isChart(kind: Kind | undefined): boolean {
  return kind !== undefined && CHARTS.includes(kind);
}

/** What a widget asks; null of those that ask nothing of numbers. */
export function questionOf({ kind }: Widget): Question | null {
  return kind.case !== undefined && 'question' in kind.value ? (kind.value.question ?? create(QuestionSchema)) : null;
}

/** Why a question need not be asked yet; empty where it is complete as far as the page can tell. */
export function lacking({ kind }: Question): string {
  if (kind.case === 'figures') return kind.value.names.length > 0 ? '' : 'Choose a figure.';
  const nameless = kind.case !== 'query' || kind.value.expressions.some(({ source }) => source.case === 'selection' && !namesSeries(source.value));
  return nameless ? 'Choose a metric.' : '';
}

export function withQuestion(widget: Widget, question: Question): Widget {
  const { kind } = widget;
  if (kind.case === undefined || questionOf(widget) === null) return widget;
  return { ...widget, kind: { case: kind.case, value: { ...kind.value, question } } as Widget['kind'] };
}

/** The same of another kind: question and unit stay where both have them. */
export function ofKind(widget: Widget, kind: Kind): Widget {
  if (widget.kind.case === kind) return widget;
  const question = questionOf(widget);
  const made = create(WidgetSchema, { kind: emptyKind(kind) }).kind;
  const fresh = { ...widget, kind: made };
  if (question === null || questionOf(fresh) === null) return fresh;
  const unit = unitOf(widget);
  return { ...fresh, kind: { case: kind, value: { ...made.value, question, unit } } as Widget['kind'] };
}

export function unitOf({ kind }: Widget): string {
  return kind.case !== undefined && 'unit' in kind.value ? kind.value.unit : '';
}

/** A new one, where there is room for it. */
export function newWidget(kind: Kind, others: readonly Widget[]): Widget {
  const spot = freeSpot(others.map(spotOf), SPOTS[kind] ?? USUAL);
  return create(WidgetSchema, { id: freeId(kind.toLowerCase()), position: spot, kind: emptyKind(kind) });
}

/** A copy, where there is room for it. */
export function copyOf(widget: Widget, others: readonly Widget[]): Widget {
  const position = create(PositionSchema, freeSpot(others.map(spotOf), spotOf(widget)));
  return { ...widget, id: freeId(widget.id.replace(/-[^-]*$/, '')), position };
}

export function spotOf({ position }: Widget): Spot {
  const { x = 0, y = 0, width = USUAL.width, height = USUAL.height } = position ?? {};
  return { x, y, width, height };
}

/** No two editors make up the same. */
function freeId(begin: string): string {
  const [random] = crypto.getRandomValues(new Uint32Array(1));
  return `${begin}-${random!.toString(36)}`;
}

type Init = NonNullable<NonNullable<Parameters<typeof create<typeof WidgetSchema>>[1]>['kind']>;
const figures = { question: { kind: { case: 'figures' as const, value: { names: ['requests'] } } } };

function emptyKind(kind: Kind): Init {
  return EMPTY[kind]();
}

const EMPTY: Readonly<Record<Kind, () => Init>> = {
  line: () => ({ case: 'line', value: figures }),
  area: () => ({ case: 'area', value: figures }),
  bar: () => ({ case: 'bar', value: figures }),
  stacked: () => ({ case: 'stacked', value: figures }),
  number: () => ({ case: 'number', value: { ...figures, sparkline: true } }),
  gauge: () => ({ case: 'gauge', value: { ...figures, maximum: 100 } }),
  table: () => ({ case: 'table', value: figures }),
  topList: () => ({ case: 'topList', value: figures }),
  heatMap: () => ({ case: 'heatMap', value: figures }),
  histogram: () => ({ case: 'histogram', value: figures }),
  eventFeed: () => ({ case: 'eventFeed', value: { selection: {} } }),
  logView: () => ({ case: 'logView', value: { selection: {} } }),
  alertList: () => ({ case: 'alertList', value: {} }),
  markdown: () => ({ case: 'markdown', value: { text: '' } }),
};
