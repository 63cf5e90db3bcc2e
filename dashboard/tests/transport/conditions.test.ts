import { AttributeCondition_Operator as Operator } from '@gen/binnacle/query/v1/filters_pb';
import { expect, it } from 'vitest';
import { readCondition } from '../../src/state/conditions';
import { wireConditions } from '../../src/transport/conditions';

it.each([
  ['http.route=/cart', { path: ['http.route'], operator: Operator.EQUAL, value: { case: 'text', value: '/cart' } }],
  ['total>=50', { path: ['total'], operator: Operator.GREATER_OR_EQUAL, value: { case: 'number', value: 50 } }],
  ['paid!=false', { path: ['paid'], operator: Operator.NOT_EQUAL, value: { case: 'flag', value: false } }],
  ['!coupon', { path: ['coupon'], operator: Operator.ABSENT }],
])('%s as the wire has it', (text, expected) => expect(wireConditions([readCondition(text)!])).toEqual([expected]));
