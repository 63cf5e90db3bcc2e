import { expect, it } from 'vitest';
import { firingSince, heldWord, mark, sortAlerts, stateWord, summary } from '../../src/state/alerts';
import { alert } from '../samples';

it('puts first what wants somebody first', () => {
  const rows = [
    alert('silenced', { heldBack: true }),
    alert('old', { startedAt: 1 }),
    alert('new', { startedAt: 2 }),
    alert('mild', { severity: 'warning', startedAt: 9 }),
    alert('pending', { state: 'pending', startedAt: 9 }),
    alert('taken', { acknowledgedBy: 'ada', startedAt: 9 }),
  ];
  expect(sortAlerts(rows).map(({ id }) => id)).toEqual(['new', 'old', 'taken', 'mild', 'pending', 'silenced']);
});

it('marks what fires by how grave it is, and what only threatens as late', () => {
  const marks = (['critical', 'warning', 'info'] as const).map((severity) => mark(alert('a', { severity, state: 'no_data' })));
  expect(marks).toEqual(['bad', 'warn', 'info']);
  expect(mark(alert('a', { state: 'pending' }))).toBe('stale');
  expect(stateWord(alert('a', { state: 'keep_firing' }))).toBe('ending');
});

it('says in a line how many there are, and nothing of those there are none of', () => {
  expect(summary({ firing: 3, critical: 2, pending: 1, resolved: 12 })).toBe('3 firing, 2 critical · 1 pending · 12 ended within 24 hours');
  expect(summary({ firing: 1, critical: 0, pending: 0, resolved: 0 })).toBe('1 firing');
  expect(summary({ firing: 0, critical: 0, pending: 0, resolved: 0 })).toBe('');
});

it('tells since when the first fires, where all are known', () => {
  const counts = { firing: 2, critical: 0, pending: 1, resolved: 0 };
  const rows = [alert('b', { startedAt: 20 }), alert('a', { startedAt: 10 }), alert('p', { state: 'pending', startedAt: 1 })];
  expect(firingSince({ rows, total: 3, counts })).toBe(10);
  expect(firingSince({ rows, total: 4, counts })).toBeNull();
  expect(firingSince({ rows: rows.slice(2), total: 1, counts })).toBeNull();
});

it('says what holds an alert back as far as that is known', () => {
  const held = alert('a', { heldBack: true });
  expect(heldWord(held)).toBe(', held back');
  expect(heldWord({ ...held, silencedBy: ['s'], inhibitedBy: ['b'] })).toBe(', silenced');
  expect(heldWord({ ...held, inhibitedBy: ['b'] })).toBe(', held back by another');
  expect(heldWord(alert('b'))).toBe('');
});
