import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { WidgetSchema } from '@gen/binnacle/dashboards/v1/widgets_pb';
import { DashboardBuilderService } from '@gen/binnacle/streamer/v1/dashboard_builder_service_pb';
import type { DraftRuleRequest } from '@gen/binnacle/streamer/v1/dashboard_help_pb';
import { expect, it } from 'vitest';
import { DashboardShelf, rangeOf } from '../../../src/transport/dashboards/shelf';
import { fixed, last } from '../../../src/state/range';

const widget = create(WidgetSchema, { title: 'Orders', kind: { case: 'line', value: {} } });

function shelf(draft: (request: DraftRuleRequest) => { rule: object; notices: string[] }): DashboardShelf {
  return new DashboardShelf(createRouterTransport(({ service }) => service(DashboardBuilderService, { draftRule: draft })));
}

it('drafts a rule also of what nobody sent yet, and says what is lacking', async () => {
  const drafted = await shelf(({ threshold }) => {
    if (threshold === undefined) throw new ConnectError('threshold: must be told: there was no value', Code.InvalidArgument);
    return { rule: { name: 'Orders' }, notices: ['of others'] };
  }).draftRule(widget);
  expect(JSON.parse(drafted.rule)).toMatchObject({ name: 'Orders' });
  expect(drafted.notices).toEqual(['of others', 'Nothing was measured within the last 24 hours: set the threshold.']);
});

it('says why nothing can be drafted', async () => {
  const refusing = shelf(() => {
    throw new ConnectError('widget: no rule can watch text', Code.InvalidArgument);
  });
  await expect(refusing.draftRule(widget)).rejects.toThrow('no rule can watch text');
});

it('shows the time that was asked for in words, also one that is over', () => {
  expect(rangeOf(10_800, 0, 0)).toEqual(last(10_800));
  expect(rangeOf(60, 120, 1_000_000)).toEqual(fixed(820_000, 880_000));
});
