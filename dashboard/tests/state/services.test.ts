import { expect, it } from 'vitest';
import { countBySeverity, pressed, severity, sortServices } from '../../src/state/services';
import { service } from '../samples';

const services = [service('a', 'healthy', 5), service('c', 'unhealthy', 1), service('b', 'unhealthy', 9), service('d', 'stale', 1)];
const names = (column: 'state' | 'requests', descending: boolean): string =>
  sortServices(services, { column, descending }).map((s) => s.name).join('');

it('puts the worst first, and equals by name', () => {
  expect(names('state', false)).toBe('bcda');
});

it('keeps equals by name in either direction', () => {
  expect(names('requests', true)).toBe('bacd');
  expect(names('requests', false)).toBe('cdab');
});

it('knows the ready-made words and leaves a service its own', () => {
  expect(['Healthy', 'degraded', 'DOWN', 'stale', 'rebalancing'].map(severity)).toEqual(['good', 'warn', 'bad', 'stale', 'unknown']);
});

it('starts figures with the largest, words with the first, and turns about when pressed again', () => {
  const first = pressed({ column: 'state', descending: false }, 'errors');
  expect(first).toEqual({ column: 'errors', descending: true });
  expect(pressed(first, 'errors').descending).toBe(false);
  expect(pressed(first, 'name').descending).toBe(false);
});

it('counts services by how they are', () => {
  expect([...countBySeverity(services)]).toEqual([['good', 1], ['bad', 2], ['stale', 1]]);
});
