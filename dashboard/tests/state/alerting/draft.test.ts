import { Severity } from '@gen/binnacle/alerts/v1/alerts_pb';
import { describe, expect, it } from 'vitest';
import { changed, freeSeverity, KINDS, kindOf, lacking, level, newRule, ofKind, readyToSave } from '../../../src/state/alerting/draft';

describe('a rule while it is written', () => {
  it.each(KINDS.map(([kind]) => kind))('can be about %s', (kind) => expect(kindOf(newRule(kind))).toBe(kind));

  it('keeps its levels when it becomes of another kind, as far as they can be', () => {
    const rule = { ...newRule('threshold'), levels: [level(Severity.CRITICAL, 5)] };
    expect(ofKind(rule, 'change').levels).toEqual([level(Severity.CRITICAL, 5)]);
    expect(ofKind(rule, 'absence').levels).toEqual([level(Severity.CRITICAL)]);
    expect(ofKind(rule, 'burnRate').levels).toEqual([]);
    expect(ofKind(ofKind(rule, 'burnRate'), 'ratio').levels).toEqual([level(Severity.WARNING)]);
  });

  it('offers a severity that it has no level of', () => {
    const levels = [level(Severity.CRITICAL), level(Severity.WARNING)];
    expect(freeSeverity({ ...newRule('absence'), levels })).toBe(Severity.INFO);
    expect(freeSeverity({ ...newRule('absence'), levels: [...levels, level(Severity.INFO)] })).toBeNull();
  });

  it('says what it lacks', () => {
    expect(lacking(newRule('threshold'))).toBe('Choose a metric.');
    expect(lacking(newRule('ratio'))).toBe('Say from which value on it is bad.');
    expect(lacking({ ...newRule('ratio'), levels: [level(Severity.WARNING, 0)] })).toBe('');
    expect(lacking(newRule('staleHeartbeat'))).not.toBe('');
    expect(lacking(newRule('burnRate'))).toBe('');
  });

  it('is sent without what is empty', () => {
    const rule = { ...newRule('burnRate'), labels: { team: 'shop', '': 'x' }, annotations: { summary: '' } };
    expect(readyToSave(rule)).toMatchObject({ name: 'New rule', labels: { team: 'shop' }, annotations: {} });
  });
});

it('a field is set, or gone', () => {
  expect(changed({ a: 1, b: 2 }, 'a', 3)).toEqual({ a: 3, b: 2 });
  expect(changed({ a: 1, b: 2 }, 'a', null)).toEqual({ b: 2 });
});
