import type { LiveState } from '@binnacle/client';
import { describe, expect, it } from 'vitest';
import { condition, isPast, STALE_AFTER_MS, type Condition, type Moment } from '../../src/state/freshness';

const LIVE: LiveState = { kind: 'live', since: 0 };
const MADE = 77_000;

function at(rest: Partial<Moment>): Condition {
  return condition({ state: LIVE, host: 'here', updatedAt: MADE, told: true, now: 1_000, serverNow: MADE, ...rest });
}

function offline(retryAt: number | null): LiveState {
  return { kind: 'offline', since: 0, reason: { cause: 'unauthenticated', message: '' }, retryAt };
}

describe('condition', () => {
  it('is live while the figures are fresh by the clock that made them, and old once nothing new came', () => {
    expect(at({ serverNow: MADE + STALE_AFTER_MS })).toEqual({ kind: 'live' });
    expect(at({ serverNow: MADE + STALE_AFTER_MS + 1 })).toEqual({ kind: 'old', since: MADE });
    expect(at({ serverNow: MADE - 9_000 })).toEqual({ kind: 'live' });
  });

  it('is connecting as long as nothing of this visit is shown', () => {
    expect(at({ told: false })).toEqual({ kind: 'connecting', since: MADE });
    expect(at({ told: false, updatedAt: null })).toEqual({ kind: 'connecting', since: null });
    expect(at({ state: { kind: 'connecting', since: 0 }, told: false })).toEqual({ kind: 'connecting', since: MADE });
  });

  it('counts down to the next attempt, says why, and keeps the time of the picture', () => {
    expect(at({ state: offline(4_200) })).toMatchObject({ kind: 'reconnecting', seconds: 4, since: MADE });
    expect(at({ state: offline(null) })).toMatchObject({ seconds: 0, fault: { title: 'Not signed in' } });
    expect(at({ state: offline(500), updatedAt: null })).toMatchObject({ seconds: 0, since: null });
  });

  it('is of the past whenever what is shown may be', () => {
    const all = [at({}), at({ told: false }), at({ told: false, updatedAt: null }), at({ state: offline(0) })];
    expect(all.map(isPast)).toEqual([false, true, false, true]);
  });
});
