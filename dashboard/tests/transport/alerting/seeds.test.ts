import { create, toJsonString } from '@bufbuild/protobuf';
import { RuleSchema } from '@gen/binnacle/rules/v1/rules_pb';
import { expect, it } from 'vitest';
import { readDraft } from '../../../src/transport/alerting/seeds';

it('reads a rule that an address hands on, and nothing else', () => {
  expect(readDraft(toJsonString(RuleSchema, create(RuleSchema, { name: 'Errors' })))?.name).toBe('Errors');
  expect([null, '', '{', '{"name": 5}', '[]'].map(readDraft)).toEqual([null, null, null, null, null]);
});
