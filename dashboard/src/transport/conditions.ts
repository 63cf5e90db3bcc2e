import type { MessageInitShape } from '@bufbuild/protobuf';
import { AttributeCondition_Operator as Operator, type AttributeConditionSchema } from '@gen/binnacle/query/v1/filters_pb';
import type { Comparison, Condition } from '../state/conditions';

type Wire = MessageInitShape<typeof AttributeConditionSchema>;

const OPERATORS: Readonly<Record<Comparison, Operator>> = {
  '=': Operator.EQUAL,
  '!=': Operator.NOT_EQUAL,
  '<': Operator.LESS,
  '<=': Operator.LESS_OR_EQUAL,
  '>': Operator.GREATER,
  '>=': Operator.GREATER_OR_EQUAL,
  exists: Operator.EXISTS,
  absent: Operator.ABSENT,
};

/** Conditions as the wire has them. A name with dots in it is one name, as OpenTelemetry's are. */
export function wireConditions(conditions: readonly Condition[]): Wire[] {
  return conditions.map(({ attribute, comparison, value }) => ({ path: [attribute], operator: OPERATORS[comparison], ...wireValue(value) }));
}

function wireValue(value: Condition['value']): Pick<Wire, 'value'> | null {
  switch (typeof value) {
    case 'string':
      return { value: { case: 'text', value } };
    case 'number':
      return { value: { case: 'number', value } };
    case 'boolean':
      return { value: { case: 'flag', value } };
    default:
      return null;
  }
}
