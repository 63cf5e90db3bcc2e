import { describe, expect, it } from 'vitest';
import { fieldOf, isWhole, readFunnel, writeFunnel, type Funnel } from '../../../src/state/sessions/funnel';

describe('a funnel', () => {
  it('comes back from the address as it was', () => {
    const funnel: Funnel = {
      steps: [
        { type: 'page_view', condition: { attribute: 'page', comparison: '=', value: '/pricing page' } },
        { type: 'cart_add', condition: null },
        { type: 'purchase', condition: { attribute: 'total', comparison: '>=', value: 50 } },
      ],
      windowSeconds: 86_400,
      actor: 'user',
      by: 'country',
    };
    const params = new URLSearchParams();
    writeFunnel(funnel, params);
    expect(readFunnel(new URLSearchParams(params.toString()))).toEqual(funnel);
  });

  it('is asked once it has two steps that are chosen', () => {
    const whole = (...steps: string[]): boolean => isWhole(readFunnel(new URLSearchParams(steps.map((step) => ['step', step]))));
    expect([whole('a'), whole('a', ''), whole('a', 'b')]).toEqual([false, false, true]);
  });
});

it.each([
  ['country', 'data.country'],
  ['data.country', 'data.country'],
  ['user_id', 'user_id'],
])('the field %s is %s', (name, field) => expect(fieldOf(name)).toBe(field));
