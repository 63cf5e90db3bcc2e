import { describe, expect, it } from 'vitest';
import { conditionText, equal, readCondition } from '../../src/state/conditions';

describe('a condition', () => {
  it.each([
    ['http.route=/cart', 'http.route', '=', '/cart'],
    ['total >= 50', 'total', '>=', 50],
    ['total!=-1.5e3', 'total', '!=', -1500],
    ['paid=true', 'paid', '=', true],
    ['code="503"', 'code', '=', '503'],
    ['url=a=b', 'url', '=', 'a=b'],
    ['coupon', 'coupon', 'exists', null],
    ['!coupon', 'coupon', 'absent', null],
  ])('%s', (text, attribute, comparison, value) => expect(readCondition(text)).toEqual({ attribute, comparison, value }));

  it.each(['', '=', '=5', 'two words', '!'])('is none: "%s"', (text) => expect(readCondition(text)).toBeNull());

  it.each(['503', 'true', ' padded ', '"quoted"', 'plain', ''])('tells the text "%s" from what looks like it', (value) => {
    const condition = { attribute: 'a', comparison: '=', value } as const;
    expect(readCondition(conditionText(condition))).toEqual(condition);
  });

  it.each([5, -0.25, true, '5', 'x'])('comes back as it was: %s', (value) => {
    const condition = equal('a.b', value)!;
    expect(readCondition(conditionText(condition))).toEqual(condition);
  });

  it('cannot be made of a list', () => expect(equal('items', [1])).toBeNull());
});
