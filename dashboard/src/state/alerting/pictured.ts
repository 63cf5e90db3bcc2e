/** What a condition compares, as expressions to draw; the last of them is what is drawn. */
import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Calculation_Operator as Operator, ExpressionSchema, type Expression, type Operand, type Selection } from '@gen/binnacle/query/v1/query_pb';
import type { Rule } from '@gen/binnacle/rules/v1/rules_pb';

/** The window of a selection that names none, as rules have it. */
const USUAL_WINDOW_MS = 300_000;

type Side = Operand['kind'];

/** Null where there is nothing to draw: silences, events, and what other rules say. */
export function picturedBy({ condition }: Rule): readonly Expression[] | null {
  const kind = condition?.kind;
  switch (kind?.case) {
    case 'threshold':
      return kind.value.expressions.map((one) => (one.source.case === 'selection' ? selected(one.name, one.source.value) : one));
    case 'ratio':
      return shareOf(kind.value.part, kind.value.whole, 100);
    case 'burnRate':
      return shareOf(kind.value.bad, kind.value.total, 1 / (1 - kind.value.objective));
    case 'change':
      return kind.value.selection ? changeOf(kind.value.selection, kind.value.period, kind.value.percent) : null;
    default:
      return null;
  }
}

function shareOf(part: Selection | undefined, whole: Selection | undefined, times: number): readonly Expression[] | null {
  if (!part || !whole) return null;
  return [selected('a', part), selected('b', whole), calculated('c', named('a'), Operator.DIVIDE, named('b')), calculated('d', named('c'), Operator.MULTIPLY, number(times))];
}

function changeOf(selection: Selection, period: Selection['offset'], percent: boolean): readonly Expression[] {
  const now = selected('a', selection);
  const before = selected('b', { ...selection, ...(period && { offset: period }) });
  const difference = calculated('c', named('a'), Operator.SUBTRACT, named('b'));
  if (!percent) return [now, before, difference];
  return [now, before, difference, calculated('d', named('c'), Operator.DIVIDE, named('b')), calculated('e', named('d'), Operator.MULTIPLY, number(100))];
}

function selected(name: string, selection: Selection): Expression {
  const value = { ...selection, window: selection.window ?? durationFromMs(USUAL_WINDOW_MS) };
  return create(ExpressionSchema, { name, source: { case: 'selection', value } });
}

function calculated(name: string, left: Side, operator: Operator, right: Side): Expression {
  return create(ExpressionSchema, { name, source: { case: 'calculation', value: { left: { kind: left }, operator, right: { kind: right } } } });
}

function named(value: string): Side {
  return { case: 'expression', value };
}

function number(value: number): Side {
  return { case: 'number', value };
}
