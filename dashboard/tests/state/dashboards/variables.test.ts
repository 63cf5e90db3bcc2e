import { create } from '@bufbuild/protobuf';
import { VariableSchema } from '@gen/binnacle/dashboards/v1/dashboards_pb';
import { WidgetSchema } from '@gen/binnacle/dashboards/v1/widgets_pb';
import { Matcher_Operator as Operator } from '@gen/binnacle/query/v1/query_pb';
import { expect, it } from 'vitest';
import { questionOf } from '../../../src/state/dashboards/kinds';
import { filled, readChosen, writeChosen, type Chosen } from '../../../src/state/dashboards/variables';

const variables = [create(VariableSchema, { name: 'service', chosen: ['shop'] }), create(VariableSchema, { name: 'host', several: true })];
const matchers = [{ label: 'service', operator: Operator.EQUAL, value: '$service' }];
const widget = create(WidgetSchema, {
  title: 'Of $service, at $5',
  kind: { case: 'line', value: { question: { kind: { case: 'query', value: { expressions: [{ source: { case: 'selection', value: { metric: 'm', matchers } } }] } } } } },
});

function asked(chosen: Chosen): unknown {
  const question = questionOf(filled(widget, chosen))!;
  const source = question.kind.case === 'query' ? question.kind.value.expressions[0]!.source : null;
  return source?.case === 'selection' ? source.value.matchers.map(({ operator, value }) => [operator, value]) : null;
}

it('stands for one value, any of several, or nothing', () => {
  expect(asked({ service: ['shop'] })).toEqual([[Operator.EQUAL, 'shop']]);
  expect(asked({ service: ['a.b', 'c'] })).toEqual([[Operator.MATCHES, String.raw`a\.b|c`]]);
  expect(asked({ service: [] })).toEqual([]);
});

it('is written out in titles', () => {
  expect(filled(widget, { service: ['a', 'b'] }).title).toBe('Of a, b, at $5');
  expect(filled(widget, { service: [] }).title).toBe('Of all, at $5');
});

it('is in the address, also where nothing is chosen', () => {
  for (const chosen of [{ service: ['shop'], host: [] }, { service: [], host: ['x', 'y'] }, { service: ['mail'], host: [] }]) {
    const params = new URLSearchParams();
    writeChosen(variables, chosen, params);
    expect(readChosen(variables, params)).toEqual(chosen);
  }
});

it('is only what the dashboard has, whatever else objects have', () => {
  const text = create(WidgetSchema, { title: '$constructor', description: 'of $service', kind: { case: 'markdown', value: { text: '$toString of $service' } } });
  const shown = filled(text, { service: ['a'] });
  expect([shown.title, shown.description, shown.kind.value]).toMatchObject(['$constructor', 'of a', { text: '$toString of a' }]);
  const feed = create(WidgetSchema, { kind: { case: 'eventFeed', value: { selection: { types: ['$constructor', '$service'] } } } });
  expect(filled(feed, { service: ['a'] }).kind.value).toMatchObject({ selection: { types: ['$constructor', 'a'] } });
});
