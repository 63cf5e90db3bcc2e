import { expect, it } from 'vitest';
import { addressOf, isOurs, KEYS, placeOf } from '../../src/state/route';

it.each([
  ['/', 'overview'],
  ['/app', 'overview'],
  ['/app/', 'overview'],
  ['/app/overview', 'overview'],
  ['/app/explore', 'explore'],
  ['/app/logs/', 'logs'],
  ['/app/traces', 'traces'],
  ['/app/treasure', null],
  ['/app/logs/deep', null],
  ['/app/dashboards', 'dashboards'],
  ['/app/dashboards/shop', 'dashboards'],
  ['/app/dashboards/shop/', 'dashboards'],
  ['/app/dashboards/shop/deep', null],
])('%s is %s', (path, view) => expect(placeOf(path, '').view).toBe(view));

it('goes back and forth', () => {
  const params = new URLSearchParams({ text: 'a b' });
  expect(addressOf('logs', params)).toBe('/app/logs?text=a+b');
  expect(addressOf('logs')).toBe('/app/logs');
});

it('says what is open', () => {
  expect(addressOf('dashboards', undefined, 'shop')).toBe('/app/dashboards/shop');
  expect(placeOf('/app/dashboards/shop', '').open).toBe('shop');
});

it('leaves alone what is not the page itself', () => {
  expect(['/', '/app', '/app/logs'].every(isOurs)).toBe(true);
  expect(['/docs', '/application', '/api/v1/logs'].some(isOurs)).toBe(false);
});

it('has a key of its own for each view', () => expect(new Set(Object.values(KEYS)).size).toBe(Object.keys(KEYS).length));
