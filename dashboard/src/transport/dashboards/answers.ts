/** Answers to the questions of widgets: told on the page's stream while the range moves on, asked for, again and again, where it is fixed. */
import type { LiveClient } from '@binnacle/client';
import { toJsonString, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { FigureService, type FigureSeries, type GetFigureResponse } from '@gen/binnacle/aggregator/v1/figure_service_pb';
import { TimeSeriesService, type SelectionPlan } from '@gen/binnacle/aggregator/v1/time_series_service_pb';
import { QuestionSchema, type Figures, type Question } from '@gen/binnacle/dashboards/v1/widgets_pb';
import { Tier, TimeSeriesQuerySchema, type TimeSeriesAnswer, type TimeSeriesQuery } from '@gen/binnacle/query/v1/query_pb';
import type { Answer } from '../../state/dashboards/values';
import { pictureOf, type AnsweredSeries } from '../../state/explore/picture';
import { ends, type Ends, type Range } from '../../state/range';
import { milliseconds } from '../decode';
import { faultOfCall, faultOfRefusal, type Fault } from '../faults';
import { poll } from '../polling';

export interface AnswerTold {
  answer(answer: Answer): void;
  fault(fault: Fault): void;
}

/** How a question is asked. */
export interface Asking {
  readonly question: Question;
  readonly range: Range;
  readonly refreshMs: number;
  /** How wide it is drawn, coarse: who looks at the same dashboard then asks the same. */
  readonly pixels: number;
  /** What series are called; empty for what tells them apart. */
  readonly legend: string;
}

export interface Plan {
  readonly name: string;
  /** Null where it is none of what is kept of series. */
  readonly from: string | null;
  readonly reason: string;
  readonly series: number;
  readonly rows: number;
  readonly stages: readonly string[];
  readonly warnings: readonly string[];
}

/** More lines than this are a tangle. */
const MOST_LINES = 40;
const DEFAULT_PIXELS = 600;
/** What came late stands in a fixed range too, so long after it came. */
const LATE_MS = 60_000;

export class Answers {
  private readonly live: LiveClient;
  private readonly series;
  private readonly figures;

  constructor(live: LiveClient, wire: Transport) {
    this.live = live;
    this.series = createClient(TimeSeriesService, wire);
    this.figures = createClient(FigureService, wire);
  }

  /** Tells the answer, and each newer one, until the function returned is called. */
  show(asking: Asking, told: AnswerTold): () => void {
    const { kind } = asking.question;
    if (asking.range.kind === 'last' && kind.case === 'query') return this.follow(kind.value, asking, asking.range.seconds, told);
    if (asking.range.kind === 'last' && kind.case === 'figures') return this.followFigures(kind.value, asking, asking.range.seconds, told);
    const once = async (signal: AbortSignal): Promise<void> => {
      try {
        const answer = await this.once(asking, signal);
        if (!signal.aborted) told.answer(answer);
      } catch (error) {
        if (!signal.aborted) told.fault(faultOfCall(error));
      }
    };
    return poll(once, LATE_MS).stop;
  }

  /** What is asked, as JSON, and how it would be answered. */
  async explain(question: Question, range: Range, signal: AbortSignal): Promise<readonly Plan[]> {
    if (question.kind.case !== 'query') return [];
    const { plans } = await this.series.explainQuery({ query: over(question.kind.value, ends(range, Date.now()), DEFAULT_PIXELS) }, { signal });
    return plans.map(plan);
  }

  private follow(query: TimeSeriesQuery, asking: Asking, seconds: number, told: AnswerTold): () => void {
    const subscription = this.live.subscribe(
      { query: { query: drawn(query, asking.pixels), range: durationFromMs(seconds * 1000), interval: durationFromMs(asking.refreshMs) } },
      {
        answer: (answer) => told.answer(ofQuery(answer, query, asking.legend)),
        error: (error) => told.fault(faultOfRefusal(error)),
      },
    );
    return () => subscription.close();
  }

  private followFigures({ names, step }: Figures, asking: Asking, seconds: number, told: AnswerTold): () => void {
    const subscription = this.live.subscribe(
      { figures: { names, range: durationFromMs(seconds * 1000), step, interval: durationFromMs(asking.refreshMs) } },
      {
        figures: (figures) => told.answer(ofFigures(figures, ends(asking.range, Date.now()), asking.legend)),
        error: (error) => told.fault(faultOfRefusal(error)),
      },
    );
    return () => subscription.close();
  }

  private async once({ question, range, pixels, legend }: Asking, signal: AbortSignal): Promise<Answer> {
    const { kind } = question;
    const within = ends(range, Date.now());
    if (kind.case === 'figures') return ofFigures(await this.askFigures(kind.value, within, signal), within, legend);
    if (kind.case !== 'query') return { ...named([], [], '', 0, within), notices: ['It asks nothing yet.'] };
    const { answer } = await this.series.queryTimeSeries({ query: over(kind.value, within, pixels) }, { signal });
    return ofQuery(answer!, kind.value, legend);
  }

  private async askFigures({ names, step }: Figures, [from, to]: Ends, signal: AbortSignal): Promise<readonly GetFigureResponse[]> {
    const asked = { startTime: timestampFromMs(from), endTime: timestampFromMs(to), stepSeconds: Number(step?.seconds ?? 0) };
    return Promise.all(names.map((metric) => this.figures.getFigure({ ...asked, metric }, { signal })));
  }
}

function ofFigures(told: readonly GetFigureResponse[], within: Ends, legend: string): Answer {
  const times = [...new Set(told.flatMap((one) => one.series.flatMap(timesOf)))].sort((a, b) => a - b);
  const all = told.flatMap(({ metric, series }) => series.map((one) => column(one, times, metric, told.length > 1)));
  const whole = told.flatMap((one) => one.series.map(({ value }) => value ?? null));
  const answer = named(times, all, legend, 1000 * (told[0]?.stepSeconds ?? 0), endsOf(told[0], within), whole);
  return all.length > 1 ? answer : { ...answer, lines: answer.lines.map((line) => ({ ...line, name: legend ? line.name : wordsOf(told[0]?.metric ?? '') })) };
}

/** The question as it is sent, for people. */
export function written(question: Question): string {
  const { kind } = question;
  if (kind.case === 'query') return toJsonString(TimeSeriesQuerySchema, kind.value, { prettySpaces: 2, useProtoFieldName: true });
  return toJsonString(QuestionSchema, question, { prettySpaces: 2, useProtoFieldName: true });
}

function drawn(query: TimeSeriesQuery, pixels: number): MessageInitShape<typeof TimeSeriesQuerySchema> {
  return query.step ? query : { ...query, pixels };
}

function over(query: TimeSeriesQuery, [from, to]: Ends, pixels: number): MessageInitShape<typeof TimeSeriesQuerySchema> {
  return { ...drawn(query, pixels), startTime: timestampFromMs(from), endTime: timestampFromMs(to) };
}

function ofQuery(answer: TimeSeriesAnswer, query: TimeSeriesQuery, legend: string): Answer {
  const hidden = new Set(query.expressions.filter((one) => one.hidden).map(({ name }) => name));
  const shown = answer.results.filter(({ name }) => !hidden.has(name));
  const several = shown.length > 1;
  const all = shown.flatMap(({ name, series }) => series.map((one) => ({ ...one, labels: several ? { ...one.labels, expression: name } : one.labels })));
  const left = all.length - MOST_LINES;
  const found = named(answer.timesUnixMs, all.slice(0, MOST_LINES), legend, answer.stepMs, [answer.startUnixMs, answer.endUnixMs]);
  const notices = [...new Set(answer.notices), ...(left > 0 ? [`${left} more series are not shown: rank them, or group them.`] : [])];
  return { ...found, notices };
}

function named(timesMs: readonly number[], now: readonly AnsweredSeries[], legend: string, stepMs: number, [fromMs, toMs]: Ends, whole: readonly (number | null)[] = []): Answer {
  const picture = pictureOf({ timesMs, now, earlier: [], stepMs, fromMs, toMs, notices: [] });
  const lines = picture.lines.map((line, place) => ({
    ...line,
    name: legend ? legend.replaceAll(/\{([^{}]+)\}/g, (_, label: string) => line.labels[label] ?? `no ${label}`) : line.name,
    whole: whole[place] ?? null,
  }));
  return { ...picture, lines };
}

function column({ labels, points }: FigureSeries, times: readonly number[], figure: string, several: boolean): AnsweredSeries {
  const values = new Map(points.map(({ time, value }) => [milliseconds(time) ?? 0, value]));
  const told = several ? { ...labels, figure: wordsOf(figure) } : labels;
  return { labels: told, values: times.map((at) => values.get(at) ?? NaN), minimums: [], maximums: [] };
}

function timesOf({ points }: FigureSeries): number[] {
  return points.map(({ time }) => milliseconds(time) ?? 0);
}

function endsOf(told: GetFigureResponse | undefined, [from, to]: Ends): Ends {
  return [milliseconds(told?.startTime) ?? from, milliseconds(told?.endTime) ?? to];
}

function wordsOf(figure: string): string {
  return figure.replaceAll('_', ' ');
}

function plan({ name, tier, reason, series, rows, stages, warnings }: SelectionPlan): Plan {
  return { name, from: tier === Tier.UNSPECIFIED ? null : Tier[tier].toLowerCase(), reason, series, rows, stages, warnings };
}
