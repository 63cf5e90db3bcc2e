import { describe, expect, it } from 'vitest';
import { condition, STALE_AFTER_MS } from '../../src/state/freshness';

const fault = { title: 'Gone', advice: 'Wait.' };
const fresh = { updatedAt: 77_000, freshAt: 1_000 };

describe('condition', () => {
  it('is live while the data is fresh, and old once nothing new came', () => {
    expect(condition({ kind: 'open' }, fresh, null, 1_400)).toEqual({ kind: 'live', ageMs: 400 });
    expect(condition({ kind: 'open' }, fresh, null, 1_001 + STALE_AFTER_MS)).toEqual({ kind: 'old', since: 77_000 });
  });

  it('counts down to the next attempt and keeps the time of the picture', () => {
    const waiting = { kind: 'waiting', retryAt: 4_200, fault } as const;
    expect(condition(waiting, fresh, fault, 1_000)).toEqual({ kind: 'reconnecting', seconds: 4, fault, since: 77_000 });
    expect(condition(waiting, null, fault, 9_000)).toEqual({ kind: 'reconnecting', seconds: 0, fault, since: null });
  });

  it('goes on saying reconnecting during an attempt after a failure', () => {
    expect(condition({ kind: 'connecting' }, fresh, fault, 0).kind).toBe('reconnecting');
    expect(condition({ kind: 'connecting' }, null, null, 0).kind).toBe('connecting');
  });

  it('is not thrown by a clock that steps back', () => {
    expect(condition({ kind: 'open' }, fresh, null, 0)).toEqual({ kind: 'live', ageMs: 0 });
  });
});
