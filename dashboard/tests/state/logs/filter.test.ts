import { describe, expect, it } from 'vitest';
import { readFilter, surePart, textFinder, textOfPattern, writeFilter, type LogFilter } from '../../../src/state/logs/filter';

describe('a filter', () => {
  it('comes back from the address as it was', () => {
    const filter: LogFilter = { levels: ['warning', 'error'], services: ['shop', 'a&b'], text: '"gave up" -retry', traceId: 'abc' };
    const params = new URLSearchParams();
    writeFilter(filter, params);
    expect(readFilter(params)).toEqual(filter);
  });

  it('knows levels only', () => expect(readFilter(new URLSearchParams('level=loud&level=info')).levels).toEqual(['info']));
});

describe('text', () => {
  it.each([
    ['payment declined', 'Declined: the payment', true],
    ['pay', 'the payment', false],
    ['"card declined"', 'card was declined', false],
    ['"card declined"', 'Card declined (51)', true],
    ['timeout -retry', 'timeout, will retry', false],
    ['timeout -retry', 'timeout', true],
    ['user-42', 'hello user-42', true],
    ['a.c', 'abc', false],
    ['', 'anything', true],
  ])('%s in "%s": %s', (text, message, found) => expect(textFinder(text)(message)).toBe(found));

  it('has a part that every line found holds', () => {
    expect(surePart('a "longest of all" -"never mind this one"')).toBe('longest of all');
    expect(surePart('-only')).toBe('');
  });

  it('of a pattern finds its lines', () => {
    const text = textOfPattern('gave up waiting in POST <*> after <*> ms');
    expect(text).toBe('"gave up waiting in POST" "after" "ms"');
    expect(textFinder(text)('gave up waiting in POST /orders after 30 ms')).toBe(true);
  });
});
