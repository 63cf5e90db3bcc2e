/** What is chosen of the variables of a dashboard, and what a widget asks then. */
import { create } from '@bufbuild/protobuf';
import type { Variable } from '@gen/binnacle/dashboards/v1/dashboards_pb';
import type { Widget } from '@gen/binnacle/dashboards/v1/widgets_pb';
import { Matcher_Operator as Operator, MatcherSchema, type Expression, type Matcher } from '@gen/binnacle/query/v1/query_pb';
import { questionOf, withQuestion } from './kinds';

/** Values by name of their variable; none stands for all. */
export type Chosen = Readonly<Record<string, readonly string[]>>;

const PREFIX = 'var-';
/** In the address: nothing is chosen where the dashboard would choose something. */
const NOTHING = '';

export function readChosen(variables: readonly Variable[], params: URLSearchParams): Chosen {
  return Object.fromEntries(
    variables.map(({ name, chosen, several }) => {
      const told = params.getAll(PREFIX + name);
      const values = told.length > 0 ? told.filter((value) => value !== NOTHING) : chosen;
      return [name, several ? values : values.slice(0, 1)];
    }),
  );
}

export function writeChosen(variables: readonly Variable[], chosen: Chosen, params: URLSearchParams): void {
  for (const { name, chosen: usual } of variables) {
    const values = chosen[name] ?? [];
    if (JSON.stringify(values) === JSON.stringify(usual)) continue;
    for (const value of values.length > 0 ? values : [NOTHING]) params.append(PREFIX + name, value);
  }
}

/** The widget with what is chosen in place of its variables. */
export function filled(widget: Widget, chosen: Chosen): Widget {
  return inKind({ ...widget, title: inWords(widget.title, chosen), description: inWords(widget.description, chosen) }, chosen);
}

/** A text with what is chosen in words. */
export function inWords(text: string, chosen: Chosen): string {
  return text.replaceAll(/\$([A-Za-z0-9_]+)/g, (whole, name: string) => (Object.hasOwn(chosen, name) ? chosen[name]!.join(', ') || 'all' : whole));
}

function inKind(widget: Widget, chosen: Chosen): Widget {
  const { kind } = widget;
  switch (kind.case) {
    case 'markdown':
      return { ...widget, kind: { ...kind, value: { ...kind.value, text: inWords(kind.value.text, chosen) } } };
    case 'alertList':
      return { ...widget, kind: { ...kind, value: { ...kind.value, matchers: matching(kind.value.matchers, chosen) } } };
    case 'logView': {
      const { selection } = kind.value;
      const wanted = selection && { ...selection, services: listed(selection.services, chosen) };
      return { ...widget, kind: { ...kind, value: { ...kind.value, ...(wanted && { selection: wanted }) } } };
    }
    case 'eventFeed': {
      const { selection } = kind.value;
      const wanted = selection && {
        ...selection,
        types: listed(selection.types, chosen),
        services: listed(selection.services, chosen),
        userIds: listed(selection.userIds, chosen),
        sessionIds: listed(selection.sessionIds, chosen),
      };
      return { ...widget, kind: { ...kind, value: { ...kind.value, ...(wanted && { selection: wanted }) } } };
    }
    default:
      return inQuestion(widget, chosen);
  }
}

function inQuestion(widget: Widget, chosen: Chosen): Widget {
  const question = questionOf(widget);
  if (question?.kind.case !== 'query') return widget;
  const query = question.kind.value;
  const expressions = query.expressions.map((one): Expression => {
    if (one.source.case !== 'selection') return one;
    const { value } = one.source;
    return { ...one, source: { case: 'selection', value: { ...value, matchers: matching(value.matchers, chosen) } } };
  });
  return withQuestion(widget, { ...question, kind: { case: 'query', value: { ...query, expressions } } });
}

function matching(matchers: readonly Matcher[], chosen: Chosen): Matcher[] {
  return matchers.flatMap((matcher) => {
    const values = standingFor(matcher.value, chosen);
    if (values === null) return matcher;
    if (values.length === 0) return [];
    const unlike = matcher.operator === Operator.NOT_EQUAL;
    const [only] = values;
    if (values.length === 1) return { ...matcher, value: only! };
    const operator = unlike ? Operator.NOT_MATCHES : Operator.MATCHES;
    return create(MatcherSchema, { label: matcher.label, operator, value: values.map(escaped).join('|') });
  });
}

function listed(values: readonly string[], chosen: Chosen): string[] {
  return values.flatMap((value) => standingFor(value, chosen) ?? [value]);
}

/** What is chosen of the variable that a value stands for as a whole; null where it is a plain value. */
function standingFor(value: string, chosen: Chosen): readonly string[] | null {
  const name = /^\$([A-Za-z0-9_]+)$/.exec(value)?.[1];
  return name !== undefined && Object.hasOwn(chosen, name) ? chosen[name]! : null;
}

function escaped(value: string): string {
  return value.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
