/** The rule that a chart of Explore, or a widget of a dashboard, suggests. */
import { create, fromJsonString } from '@bufbuild/protobuf';
import { MatcherSchema, type Selection } from '@gen/binnacle/query/v1/query_pb';
import { ConditionSchema, RuleSchema, type Condition, type Rule } from '@gen/binnacle/rules/v1/rules_pb';
import { newRule, traffic } from '../../state/alerting/draft';
import { COUNTED, isWatchable } from '../../state/alerting/watchable';
import type { Question } from '../../state/explore/question';
import { matchersOf, queryOf } from '../questions';

/** Fewest requests by which a share is judged. */
const LEAST_REQUESTS = 20;

/** A rule that an address hands on, as JSON; null where it holds none. */
export function readDraft(text: string | null): Rule | null {
  try {
    return text === null ? null : fromJsonString(RuleSchema, text, { ignoreUnknownFields: true });
  } catch {
    return null;
  }
}

/** A new rule about what a question shows; of a threshold where there is no question. */
export function ruleAbout(question: Question | undefined): Rule {
  if (!question || !isWatchable(question.metric)) return newRule('threshold');
  const condition = question.metric in COUNTED ? ofRequests(question) : ofMetric(question);
  return { ...newRule('threshold'), condition, name: nameOf(question) };
}

function ofMetric(question: Question): Condition {
  const { expressions = [] } = queryOf({ ...question, earlier: 0 }, 1);
  const asked = expressions.map((one) => ({ ...one, name: 'a', ranking: undefined }));
  return create(ConditionSchema, { kind: { case: 'threshold', value: { expressions: asked } } });
}

/** Of each service on its own. */
function ofRequests(question: Question): Condition {
  const matchers = matchersOf(question).map((matcher) => create(MatcherSchema, matcher));
  const counted = (metric: string): Selection => ({ ...traffic(metric), matchers });
  const figure = COUNTED[question.metric]!;
  if (figure !== 'share') {
    return create(ConditionSchema, { kind: { case: 'threshold', value: { expressions: [{ name: 'a', source: { case: 'selection', value: counted(figure) } }] } } });
  }
  return create(ConditionSchema, { kind: { case: 'ratio', value: { part: counted('__errors__'), whole: counted('__requests__'), minimumWhole: LEAST_REQUESTS } } });
}

function nameOf({ metric, by }: Question): string {
  const words = metric.replace('traffic:', '').replaceAll('_', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${by.length > 0 ? ` by ${by.join(', ')}` : ''}`;
}
