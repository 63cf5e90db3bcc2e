import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { RuleService } from '@gen/binnacle/alerting/v1/rule_service_pb';
import { Severity } from '@gen/binnacle/alerts/v1/alerts_pb';
import { RuleSchema } from '@gen/binnacle/rules/v1/rules_pb';
import { describe, expect, it } from 'vitest';
import { KINDS, newRule } from '../../../src/state/alerting/draft';
import { readExploration } from '../../../src/state/explore/question';
import { refusedFields, RuleShelf } from '../../../src/transport/alerting/rules';
import { ruleAbout } from '../../../src/transport/alerting/seeds';

it('tells what a rule would have done', async () => {
  const transport = createRouterTransport(({ service }) =>
    service(RuleService, {
      testRule: ({ rule, startTime }) => ({
        alerts: [
          {
            alert: { id: 'x', ruleId: rule!.id, name: rule!.name, labels: { service: 'shop' }, startedAt: startTime! },
            steps: [{ time: timestampFromMs(5_000), what: 'firing', severity: Severity.CRITICAL, value: 7 }],
          },
        ],
        total: 3,
        fired: 2,
        groups: 1,
        judgements: 100,
        notices: ['nothing is kept before'],
      }),
    }),
  );
  const rule = create(RuleSchema, { id: 'slow', name: 'Slow' });
  const trial = await new RuleShelf(transport).trial(rule, [1_000, 9_000], new AbortController().signal);
  expect(trial).toMatchObject({ alerts: 3, fired: 2, groups: 1, judgements: 100, notices: ['nothing is kept before'] });
  expect(trial.steps).toMatchObject([{ alertId: 'x', group: 'service shop', what: 'firing', at: 5_000, startedAt: 1_000 }]);
});

it('names each field that was refused', () => {
  const refused = new ConnectError('rule.levels[0].threshold: must be told; rule.name: must have 1 to 200 characters', Code.InvalidArgument);
  expect([...refusedFields(refused)]).toEqual([
    ['rule.levels[0].threshold', 'must be told'],
    ['rule.name', 'must have 1 to 200 characters'],
  ]);
  expect(refusedFields(new ConnectError('rule.name: is taken', Code.Aborted)).size).toBe(0);
});

describe('a chart of Explore', () => {
  const about = (search: string): ReturnType<typeof ruleAbout> => ruleAbout(readExploration(search).questions[0]);

  it('suggests a rule on what it shows', () => {
    const { condition, name } = about('metric=queue_length&match=service=shop&function=maximum&aggregation=sum&by=service');
    expect(name).toBe('Queue length by service');
    expect(condition!.kind).toMatchObject({
      case: 'threshold',
      value: { expressions: [{ name: 'a', source: { value: { metric: 'queue_length', matchers: [{ label: 'service', value: 'shop' }], grouping: { by: ['service'] } } } }] },
    });
  });

  it('of failed requests suggests their share', () =>
    expect(about('metric=traffic:error_rate&match=service=shop').condition!.kind).toMatchObject({ case: 'ratio', value: { part: { metric: '__errors__', matchers: [{ value: 'shop' }] } } }));

  it.each(KINDS.map(([kind]) => kind))('a new rule of the kind %s can be sent', (kind) => expect(toBinary(RuleSchema, newRule(kind)).length).toBeGreaterThan(0));
});
