import { describe, expect, it } from 'vitest';
import { about, readExploration, readMatcher, writeExploration, type Exploration, type Question } from '../../../src/state/explore/question';
import { last } from '../../../src/state/range';

const question: Question = {
  metric: 'latency',
  matchers: [
    { label: 'service', operator: '=', value: 'a=b&c' },
    { label: 'host', operator: '!~', value: 'web-.*' },
  ],
  function: 'p95',
  aggregation: 'maximum',
  by: ['service', 'host'],
  earlier: 86_400,
};

describe('an exploration', () => {
  it('comes back from the address as it was', () => {
    const all: Exploration = { questions: [question, about('requests'), question], range: last(900) };
    expect(readExploration(writeExploration(all).toString())).toEqual(all);
  });

  it('says what belongs to which chart by its place', () => {
    const { questions } = readExploration('metric=a&match=x=1&metric=b&by=y');
    expect(questions.map(({ metric, matchers, by }) => [metric, matchers.length, by])).toEqual([
      ['a', 1, []],
      ['b', 0, ['y']],
    ]);
  });

  it('passes over what makes no sense', () => {
    const { questions } = readExploration('match=x=1&metric=a&function=guess&aggregation=?&match=nothing&earlier=5m&step=1');
    expect(questions).toEqual([about('a')]);
  });

  it('groups where labels stay', () => expect(readExploration('metric=a&by=x').questions[0]!.aggregation).toBe('average'));
});

it.each([
  ['a=1', ['a', '=', '1']],
  ['a=~.*=.*', ['a', '=~', '.*=.*']],
  ['a!=', ['a', '!=', '']],
  ['a!~b', ['a', '!~', 'b']],
])('%s is a condition', (text, [label, operator, value]) => expect(readMatcher(text)).toEqual({ label, operator, value }));
