/** Questions of Explore as the wire has them, and its answers as the page has them. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  Function,
  Grouping_Aggregation as Aggregation,
  Matcher_Operator,
  type ExpressionSchema,
  type Matcher as WireMatcher,
  type SelectionSchema,
  type TimeSeriesAnswer,
  type TimeSeriesQuerySchema,
} from '@gen/binnacle/query/v1/query_pb';
import { MOST_RANGES, pictureOf, type Picture } from '../state/explore/picture';
import {
  OPERATORS as OPERATOR_NAMES,
  type AggregationName,
  type FunctionName,
  type Matcher,
  type Operator,
  type Question,
} from '../state/explore/question';

type Query = MessageInitShape<typeof TimeSeriesQuerySchema>;

/** As many series are drawn, those with the greatest mean: more is a tangle. */
export const MOST_SERIES = 12;

const NOW = 'now';
const EARLIER = 'earlier';

const FUNCTIONS: Readonly<Record<FunctionName, Function>> = {
  average: Function.AVERAGE,
  sum: Function.SUM,
  minimum: Function.MINIMUM,
  maximum: Function.MAXIMUM,
  last: Function.LAST,
  count: Function.COUNT,
  rate: Function.RATE,
  increase: Function.INCREASE,
  distinct: Function.DISTINCT,
  p50: Function.QUANTILE,
  p95: Function.QUANTILE,
  p99: Function.QUANTILE,
};
const AGGREGATIONS: Readonly<Record<AggregationName, Aggregation>> = {
  average: Aggregation.AVERAGE,
  sum: Aggregation.SUM,
  minimum: Aggregation.MINIMUM,
  maximum: Aggregation.MAXIMUM,
  count: Aggregation.COUNT,
  p50: Aggregation.QUANTILE,
  p95: Aggregation.QUANTILE,
  p99: Aggregation.QUANTILE,
};
const OPERATORS: Readonly<Record<Operator, Matcher_Operator>> = {
  '=': Matcher_Operator.EQUAL,
  '!=': Matcher_Operator.NOT_EQUAL,
  '=~': Matcher_Operator.MATCHES,
  '!~': Matcher_Operator.NOT_MATCHES,
};
/** Functions of which a step's least and greatest sample may be told too. */
const ENVELOPED: readonly FunctionName[] = ['average', 'minimum', 'maximum', 'last'];

/** `pixels` is how wide the chart is: a step takes one of them at least. */
export function queryOf(question: Question, pixels: number): Query {
  const expressions = [expression(NOW, question, 0)];
  if (question.earlier > 0) expressions.push(expression(EARLIER, question, question.earlier));
  return { expressions, pixels };
}

/** The same with the least and the greatest sample of each step. Goes with no ranking: for questions about few series. */
export function rangedQueryOf(question: Question, pixels: number): Query {
  return { expressions: [{ ...expression(NOW, question, 0), ranking: undefined }], pixels, envelope: true };
}

/** Whether the least and the greatest sample of each step are worth asking for, given what came without them. */
export function wantsRanges(question: Question, { lines }: Picture): boolean {
  const possible = question.aggregation === null && question.earlier === 0 && ENVELOPED.includes(question.function);
  return possible && lines.length > 0 && lines.length <= MOST_RANGES;
}

export function within(query: Query, from: number, to: number): Query {
  return { ...query, startTime: timestampFromMs(from), endTime: timestampFromMs(to) };
}

export function decodeAnswer(answer: TimeSeriesAnswer): Picture {
  const seriesOf = (name: string): TimeSeriesAnswer['results'][number]['series'] =>
    answer.results.find((result) => result.name === name)?.series ?? [];
  return pictureOf({
    timesMs: answer.timesUnixMs,
    now: seriesOf(NOW),
    earlier: seriesOf(EARLIER),
    stepMs: answer.stepMs,
    fromMs: answer.startUnixMs,
    toMs: answer.endUnixMs,
    notices: [...new Set(answer.notices)],
  });
}

export function matchersOf({ matchers }: Pick<Question, 'matchers'>): { label: string; operator: Matcher_Operator; value: string }[] {
  return matchers.map(({ label, operator, value }) => ({ label, operator: OPERATORS[operator], value }));
}

/** The same the other way. */
export function matchersFrom(matchers: readonly WireMatcher[]): readonly Matcher[] {
  return matchers.map(({ label, operator, value }) => ({ label, operator: operatorOf(operator), value }));
}

function operatorOf(operator: Matcher_Operator): Operator {
  return OPERATOR_NAMES.find((name) => OPERATORS[name] === operator) ?? '=';
}

function expression(name: string, question: Question, earlier: number): MessageInitShape<typeof ExpressionSchema> {
  const { metric, aggregation, by } = question;
  const value: MessageInitShape<typeof SelectionSchema> = {
    metric,
    matchers: matchersOf(question),
    function: FUNCTIONS[question.function],
    quantile: quantileOf(question.function),
    ...(earlier > 0 && { offset: durationFromMs(earlier * 1000) }),
    ...(aggregation && { grouping: { aggregation: AGGREGATIONS[aggregation], quantile: quantileOf(aggregation), by: [...by] } }),
  };
  return { name, source: { case: 'selection', value }, ranking: { count: MOST_SERIES } };
}

/** The share of a word such as `p95`; 0 for others. */
function quantileOf(name: string): number {
  return /^p\d+$/.test(name) ? Number(name.slice(1)) / 100 : 0;
}
