import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Severity } from '@gen/binnacle/alerts/v1/alerts_pb';
import { Matcher_Operator, MatcherSchema } from '@gen/binnacle/query/v1/query_pb';
import { Comparison, RuleSchema } from '@gen/binnacle/rules/v1/rules_pb';
import { expect, it } from 'vitest';
import { level, newRule, ofKind, traffic } from '../../../src/state/alerting/draft';
import { readFormula } from '../../../src/state/alerting/formula';
import { ruleFile } from '../../../src/state/alerting/rule-file';

it('a rule stands in a file in the words of rule files', () => {
  const matchers = [
    create(MatcherSchema, { label: 'service', value: 'shop' }),
    create(MatcherSchema, { label: 'host', operator: Matcher_Operator.NOT_MATCHES, value: 'web-.*' }),
  ];
  const source = { case: 'selection' as const, value: { ...traffic('latency'), matchers } };
  const rule = create(RuleSchema, {
    id: 'checkout-slow',
    name: 'Checkout: slow',
    condition: { kind: { case: 'threshold', value: { expressions: [{ name: 'a', source }], comparison: Comparison.AT_LEAST } } },
    levels: [level(Severity.WARNING, 300)],
    hold: durationFromMs(90_000),
    annotations: { summary: '{{value}} ms' },
    version: 7n,
  });
  expect(ruleFile(rule)).toBe(`rules:
  - id: checkout-slow
    name: "Checkout: slow"
    condition:
      threshold:
        expressions:
          - name: a
            selection:
              metric: latency
              matchers:
                - "service=\\"shop\\""
                - "host!~\\"web-.*\\""
              function: sum
              window: "5m"
              grouping:
                aggregation: sum
                by:
                  - service
        comparison: at_least
    levels:
      - severity: warning
        threshold: 300
    for: "1m30s"
    annotations:
      summary: "{{value}} ms"
`);
});

it('a formula is a list of identities', () => {
  const rule = ofKind(newRule('composite'), 'composite');
  rule.condition!.kind = { case: 'composite', value: { $typeName: 'binnacle.rules.v1.Composite', by: [], formula: readFormula('a and not b')! } };
  expect(ruleFile(rule)).toContain('        formula:\n          all:\n            - a\n            - not: b\n');
});
