import { describe, expect, it } from 'vitest';
import { callOf, readAuditFilter, writeAuditFilter, type AuditRecord } from '../../../src/state/admin/audit';
import { changes, loses, problem, type Retention } from '../../../src/state/admin/keeping';
import { chosen, standing, successor, type ApiKey } from '../../../src/state/admin/keys';
import { readSection } from '../../../src/state/admin/section';
import { limited, NO_LIMITS, readLimit } from '../../../src/state/admin/tenants';

const DAY = 86_400_000;
const KEY: ApiKey = { id: 'a1', name: 'checkout', roles: ['ingester'], createdAt: 0, endsAt: 365 * DAY, revokedAt: null, lastUsed: '', createdBy: '' };
const EVENTS: Retention = { kind: 'events', days: 30, archive: false, defaultDays: 30, minDays: 1, maxDays: 400, archivedFiles: 0, archivedBytes: 0 };
const SUMS: Retention = { ...EVENTS, kind: 'days', days: 0, defaultDays: 0, maxDays: 0 };

describe('a key', () => {
  it('holds until it ends or is revoked', () => {
    expect([1, 360, 366].map((day) => standing(KEY, day * DAY))).toEqual(['holds', 'ends soon', 'ended']);
    expect(standing({ ...KEY, revokedAt: 5 }, DAY)).toBe('revoked');
  });

  it('is found by name, id or role among those that hold', () => {
    const keys = [KEY, { ...KEY, id: 'b2', name: 'page', roles: ['viewer'] }, { ...KEY, id: 'c3', name: 'old checkout', revokedAt: 1 }];
    expect(chosen(keys, false, 'CHECK', DAY).map(({ id }) => id)).toEqual(['a1']);
    expect(chosen(keys, true, 'check', DAY).map(({ id }) => id)).toEqual(['a1', 'c3']);
    expect(chosen(keys, false, 'view', DAY).map(({ id }) => id)).toEqual(['b2']);
  });

  it('is followed by one that is good for as long', () => {
    expect(successor(KEY)).toEqual({ name: 'checkout', roles: ['ingester'], days: 365 });
    expect(successor({ ...KEY, endsAt: 89.9 * DAY }).days).toBe(90);
  });
});

describe('limits', () => {
  it('are read as they are typed', () => {
    expect(['', '1 000', '5,000', '-1', '1.5', 'many'].map(readLimit)).toEqual([0, 1000, 5000, null, null, null]);
  });

  it('are told where there are some', () => {
    expect(limited(NO_LIMITS, String)).toBe('');
    expect(limited({ ...NO_LIMITS, eventsPerSecond: 500, streams: 7 }, String)).toBe('500 events a second · 7 live connections at a time');
  });
});

describe('retention', () => {
  it('changes by what was touched and differs', () => {
    expect(changes([EVENTS, SUMS], { events: { days: 30, archive: true }, days: { days: 0, archive: false } })).toEqual([{ kind: 'events', archive: true }]);
    expect(changes([EVENTS], { events: { days: 7, archive: false } })).toEqual([{ kind: 'events', days: 7 }]);
  });

  it('loses data where it becomes shorter', () => {
    const kinds = [EVENTS, SUMS];
    expect(loses(kinds, [{ kind: 'events', days: 7 }])).toBe(true);
    expect(loses(kinds, [{ kind: 'days', days: 4000 }])).toBe(true);
    expect(loses(kinds, [{ kind: 'events', days: 60 }, { kind: 'days', archive: true }])).toBe(false);
  });

  it('has bounds, and for ever where it may', () => {
    expect([1, 400, 0, 401, NaN].map((days) => problem(EVENTS, days))).toEqual(['', '', '1 to 400', '1 to 400', '1 to 400']);
    expect([0, 4000, 1.5].map((days) => problem(SUMS, days))).toEqual(['', '', 'at least 1, or 0 for ever']);
  });
});

describe('the address', () => {
  it('says which part is shown', () => {
    expect(['show=usage', 'show=treasure', ''].map((search) => readSection(new URLSearchParams(search)))).toEqual(['usage', 'keys', 'keys']);
  });

  it('holds what of the audit log is shown', () => {
    const params = new URLSearchParams({ kind: 'key', subject: 'ada' });
    const filter = readAuditFilter(params);
    expect(filter).toEqual({ kind: 'key', action: '', subject: 'ada', id: '', text: '', tenant: '' });
    const written = new URLSearchParams();
    writeAuditFilter(filter, written);
    expect(written.toString()).toBe('kind=key&subject=ada');
  });
});

it('names a call by its last part', () => {
  expect(callOf({ method: 'binnacle.aggregator.v1.KeyService/RevokeKey' } as AuditRecord)).toBe('RevokeKey');
});
