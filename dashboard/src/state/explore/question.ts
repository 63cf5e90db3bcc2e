/** What a chart of Explore asks, and how the address says it: with the words of `GET /api/v1/query`. */
import { readRange, writeRange, last, type Range } from '../range';

/** What is made of the samples of one series. */
export const FUNCTIONS = ['average', 'sum', 'minimum', 'maximum', 'last', 'count', 'rate', 'increase', 'distinct', 'p50', 'p95', 'p99'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** What is made of several series. */
export const AGGREGATIONS = ['average', 'sum', 'minimum', 'maximum', 'count', 'p50', 'p95', 'p99'] as const;
export type AggregationName = (typeof AGGREGATIONS)[number];

export const OPERATORS = ['=', '!=', '=~', '!~'] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Matcher {
  readonly label: string;
  readonly operator: Operator;
  readonly value: string;
}

export interface Question {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  readonly function: FunctionName;
  /** Each series stays apart where it is null. */
  readonly aggregation: AggregationName | null;
  /** Labels that stay where there is an aggregation. */
  readonly by: readonly string[];
  /** Seconds by which an earlier period is shown beside; 0 for none. */
  readonly earlier: number;
}

/** Periods to compare with, by the name they have in the address. */
export const EARLIER: readonly (readonly [name: string, seconds: number, label: string])[] = [
  ['1h', 3_600, 'an hour earlier'],
  ['24h', 86_400, 'a day earlier'],
  ['7d', 604_800, 'a week earlier'],
];

/** All that Explore shows. */
export interface Exploration {
  readonly questions: readonly Question[];
  readonly range: Range;
}

/** As many as a wall holds. */
export const MOST_CHARTS = 30;

export function about(metric: string): Question {
  return { metric, matchers: [], function: 'average', aggregation: null, by: [], earlier: 0 };
}

/** What tells most of a metric of a kind, as the wire names kinds. */
export function usualFunction(kind: 'gauge' | 'counter' | 'delta' | 'distribution'): FunctionName {
  return ({ gauge: 'average', counter: 'rate', delta: 'sum', distribution: 'p95' } as const)[kind];
}

/** Reads an address; each `metric` begins a chart, and what stands behind it belongs to it. */
export function readExploration(search: string): Exploration {
  const params = new URLSearchParams(search);
  const questions: Question[] = [];
  for (const [name, value] of params) {
    if (name === 'metric') questions.push(about(value));
    else if (questions.length > 0) questions.push(withParam(questions.pop()!, name, value));
  }
  return { questions: questions.slice(0, MOST_CHARTS), range: readRange(params, last(3_600)) };
}

/** Says it in an address. */
export function writeExploration({ questions, range }: Exploration): URLSearchParams {
  const params = new URLSearchParams();
  writeRange(range, params);
  for (const question of questions) {
    params.append('metric', question.metric);
    for (const matcher of question.matchers) params.append('match', matcherText(matcher));
    params.append('function', question.function);
    if (question.aggregation) params.append('aggregation', question.aggregation);
    for (const label of question.by) params.append('by', label);
    const earlier = EARLIER.find(([, seconds]) => seconds === question.earlier);
    if (earlier) params.append('earlier', earlier[0]);
  }
  return params;
}

/** Errors and latency of a service. */
export function troubleOf(service: string, range: Range): URLSearchParams {
  const matchers = [{ label: 'service', operator: '=', value: service }] as const;
  return writeExploration({ questions: ['traffic:error_rate', 'traffic:p95_latency_ms'].map((metric) => ({ ...about(metric), matchers })), range });
}

export function matcherText({ label, operator, value }: Matcher): string {
  return label + operator + value;
}

/** A condition such as `host=~web-.*`; null for what is none. */
export function readMatcher(text: string): Matcher | null {
  const found = /^([^=!~]+)(=~|!~|!=|=)(.*)$/s.exec(text);
  return found ? { label: found[1]!.trim(), operator: found[2] as Operator, value: found[3]! } : null;
}

function withParam(question: Question, name: string, value: string): Question {
  switch (name) {
    case 'match': {
      const matcher = readMatcher(value);
      return matcher ? { ...question, matchers: [...question.matchers, matcher] } : question;
    }
    case 'function':
      return { ...question, function: oneOf(FUNCTIONS, value) ?? question.function };
    case 'aggregation':
      return { ...question, aggregation: oneOf(AGGREGATIONS, value) };
    case 'by':
      return { ...question, by: [...question.by, value], aggregation: question.aggregation ?? 'average' };
    case 'earlier':
      return { ...question, earlier: EARLIER.find(([known]) => known === value)?.[1] ?? 0 };
    default:
      return question;
  }
}

function oneOf<Name extends string>(known: readonly Name[], value: string): Name | null {
  return known.find((name) => name === value) ?? null;
}
