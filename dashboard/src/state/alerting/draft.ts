/**
 * A rule while it is written. It is the message of the contract itself: a form for each of its fields needs no second
 * form of all of them, and what is saved is what is seen.
 */
import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Severity } from '@gen/binnacle/alerts/v1/alerts_pb';
import {
  Function,
  Grouping_Aggregation as Aggregation,
  SelectionSchema,
  type Selection,
} from '@gen/binnacle/query/v1/query_pb';
import { ConditionSchema, RuleSchema, type Condition, type Level, type Rule } from '@gen/binnacle/rules/v1/rules_pb';

export type Kind = NonNullable<Condition['kind']['case']>;

/** Kinds of conditions, what they are called, and what they watch. */
export const KINDS: readonly (readonly [kind: Kind, name: string, about: string])[] = [
  ['threshold', 'A value crosses a limit', 'Any metric, alone or calculated of several'],
  ['ratio', 'A share is too great', 'Such as failed requests among all requests'],
  ['change', 'A value changed too much', 'Against itself some time before'],
  ['absence', 'Something fell silent', 'Series without samples'],
  ['staleHeartbeat', 'A service stopped its heartbeat', 'Services that once sent one'],
  ['eventMatch', 'An event happened', 'At once, for each event that matches'],
  ['eventRate', 'Many events happened', 'So many within a window, or such a share of others'],
  ['composite', 'Other rules hold together', 'Their alerts joined by and, or, not'],
  ['burnRate', 'An error budget burns too fast', 'Over a long and a short window'],
  ['anomalyScore', 'A series is not as it uses to be', 'The score of an anomaly detector'],
];

/** Kinds whose levels have no threshold. */
const WITHOUT_VALUE: readonly Kind[] = ['absence', 'eventMatch', 'composite'];

const MINUTE = 60_000;

export function kindOf({ condition }: Rule): Kind {
  return condition?.kind.case ?? 'threshold';
}

export function hasThresholds(kind: Kind): boolean {
  return !WITHOUT_VALUE.includes(kind);
}

/** Whether the levels of a rule are its own; a burn rate has those of its windows. */
export function hasLevels(kind: Kind): boolean {
  return kind !== 'burnRate';
}

/** A new rule of a kind, with what usually is right. */
export function newRule(kind: Kind): Rule {
  const rule = create(RuleSchema, { hold: durationFromMs(MINUTE), annotations: { summary: '' } });
  return ofKind(rule, kind);
}

/** The same rule with a condition of another kind; its levels stay as far as they can. */
export function ofKind(rule: Rule, kind: Kind): Rule {
  const severities = rule.levels.length > 0 ? rule.levels : [level(Severity.WARNING)];
  return { ...rule, condition: emptyCondition(kind), levels: hasLevels(kind) ? severities.map((one) => levelFor(kind, one)) : [] };
}

export function level(severity: Severity, threshold?: number): Level {
  return { $typeName: 'binnacle.rules.v1.Level', severity, ...(threshold !== undefined && { threshold }) };
}

/** A severity that the rule has no level of yet; null where it has all. */
export function freeSeverity({ levels }: Rule): Severity | null {
  const taken = levels.map(({ severity }) => severity);
  return [Severity.CRITICAL, Severity.WARNING, Severity.INFO].find((severity) => !taken.includes(severity)) ?? null;
}

export function selection(metric = '', rest: Partial<Pick<Selection, 'function' | 'quantile'>> = {}): Selection {
  return create(SelectionSchema, { metric, function: Function.AVERAGE, ...rest });
}

/** The sum of increments over five minutes, by service: what shares are made of. */
export function traffic(metric: string): Selection {
  return create(SelectionSchema, {
    metric,
    function: Function.SUM,
    window: durationFromMs(5 * MINUTE),
    grouping: { aggregation: Aggregation.SUM, by: ['service'] },
  });
}

/** A message with one of its fields set, or without it. */
export function changed<Message extends object, Field extends keyof Message>(message: Message, field: Field, value: Message[Field] | null): Message {
  const { [field]: _, ...rest } = message;
  return (value === null ? rest : { ...rest, [field]: value }) as Message;
}

/** Why a rule need not be tried or saved yet; empty where it is complete as far as the page can tell. */
export function lacking(rule: Rule): string {
  const { condition, levels } = rule;
  const kind = condition?.kind;
  if (kind?.case === 'threshold' && kind.value.expressions.some(({ source }) => source.case === 'selection' && !namesSeries(source.value))) return 'Choose a metric.';
  if (kind?.case === 'change' || kind?.case === 'anomalyScore') {
    if (!kind.value.selection || !namesSeries(kind.value.selection)) return 'Choose a metric.';
  }
  if (kind?.case === 'absence' && !kind.value.metric) return 'Choose a metric.';
  if (kind?.case === 'composite' && !kind.value.formula) return 'Say which rules have to hold.';
  if (hasThresholds(kindOf(rule)) && levels.some(({ threshold }) => threshold === undefined)) return 'Say from which value on it is bad.';
  return '';
}

export function namesSeries({ metric, matchers }: Selection): boolean {
  return metric !== '' || matchers.some(({ label }) => label === '__name__');
}

function levelFor(kind: Kind, { severity, threshold }: Level): Level {
  return hasThresholds(kind) ? level(severity, threshold) : level(severity);
}

function emptyCondition(kind: Kind): Condition {
  return create(ConditionSchema, { kind: EMPTY[kind]() });
}

const service = [{ field: 'type', values: [''] }];
type Empty = NonNullable<Parameters<typeof create<typeof ConditionSchema>>[1]>['kind'];
const EMPTY: Readonly<Record<Kind, () => NonNullable<Empty>>> = {
  threshold: () => ({ case: 'threshold', value: { expressions: [{ name: 'a', source: { case: 'selection', value: selection() } }] } }),
  ratio: () => ({ case: 'ratio', value: { part: traffic('__errors__'), whole: traffic('__requests__'), minimumWhole: 20 } }),
  change: () => ({ case: 'change', value: { selection: selection(), period: durationFromMs(60 * MINUTE), percent: true } }),
  absence: () => ({ case: 'absence', value: { after: durationFromMs(5 * MINUTE) } }),
  staleHeartbeat: () => ({ case: 'staleHeartbeat', value: {} }),
  eventMatch: () => ({ case: 'eventMatch', value: { conditions: service, by: ['service'] } }),
  eventRate: () => ({ case: 'eventRate', value: { conditions: service, by: ['service'], window: durationFromMs(5 * MINUTE) } }),
  composite: () => ({ case: 'composite', value: {} }),
  burnRate: () => ({ case: 'burnRate', value: { bad: traffic('__errors__'), total: traffic('__requests__'), objective: 0.999 } }),
  anomalyScore: () => ({ case: 'anomalyScore', value: { selection: selection() } }),
};

/** As it is sent: without what is empty, and with a name where it is only tried. */
export function readyToSave(rule: Rule): Rule {
  const filled = (pairs: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(pairs).filter(([name, text]) => name !== '' && text !== ''));
  return { ...rule, name: rule.name.trim() || 'New rule', labels: filled(rule.labels), annotations: filled(rule.annotations) };
}
