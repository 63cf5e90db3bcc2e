import { describe, expect, it } from 'vitest';
import { labelledTicks, lanesOf, shareOf, ticksOf } from '../../../src/state/alerting/lanes';
import type { HistoryStep } from '../../../src/state/alerting/model';

function step(at: number, what: string, rest: Partial<HistoryStep> = {}): HistoryStep {
  const whose = { alertId: 'a1', ruleId: 'slow', name: 'Slow', group: 'service shop', severity: 'critical' } as const;
  return { at, what, ...whose, value: null, threshold: null, person: '', comment: '', startedAt: null, firedAt: null, ...rest };
}

function pieces(steps: readonly HistoryStep[], from = 0, to = 100): readonly (readonly [string, number, number])[] {
  return lanesOf(steps, from, to).flatMap((lane) => lane.pieces.map((piece) => [piece.state, piece.from, piece.to] as const));
}

describe('lanes', () => {
  it('hold the states one after the other, whatever the order of steps', () =>
    expect(pieces([step(90, 'resolved'), step(20, 'firing'), step(10, 'pending'), step(80, 'keep_firing')])).toEqual([
      ['pending', 10, 20],
      ['firing', 20, 80],
      ['keep_firing', 80, 90],
    ]));

  it('know from the first step what was before it', () =>
    expect(pieces([step(60, 'resolved', { startedAt: 5, firedAt: 30 })], 10)).toEqual([
      ['pending', 10, 30],
      ['firing', 30, 60],
    ]));

  it('go on to the end where nothing ended', () => expect(pieces([step(40, 'firing')])).toEqual([['firing', 40, 100]]));

  it('are not changed by an acknowledgement, but tell it', () => {
    const [lane] = lanesOf([step(40, 'firing'), step(50, 'acknowledged', { person: 'ada' })], 0, 100);
    expect(lane!.pieces).toHaveLength(1);
    expect(lane!.deeds).toEqual([{ at: 50, what: 'acknowledged', person: 'ada' }]);
  });

  it('are one for all alerts of a rule and group, those that changed last first', () => {
    const lanes = lanesOf([step(10, 'firing'), step(20, 'resolved'), step(30, 'firing', { alertId: 'a2' }), step(5, 'firing', { group: 'service mail', alertId: 'b' })], 0, 100);
    expect(lanes.map(({ group, pieces: own }) => [group, own.length])).toEqual([
      ['service shop', 2],
      ['service mail', 1],
    ]);
  });
});

it('times lie within their range', () => expect([shareOf(-5, 0, 10), shareOf(5, 0, 10), shareOf(50, 0, 10)]).toEqual([0, 0.5, 1]));

it('an axis has a few round times', () => {
  const from = Date.parse('2026-03-01T10:07:00Z');
  const ticks = ticksOf(from, from + 3_600_000);
  expect(ticks.length).toBeGreaterThan(2);
  expect(ticks.length).toBeLessThanOrEqual(6);
  expect(ticks.every((tick) => tick % 600_000 === 0)).toBe(true);
});

it('labels ticks only where there is room', () => {
  const ticks = [0, 10, 20, 30, 40];
  expect(labelledTicks(ticks, [0, 50], 500, 90)).toEqual(ticks);
  expect(labelledTicks(ticks, [0, 50], 250, 90)).toEqual([0, 20]);
  expect(labelledTicks([45], [0, 50], 500, 90)).toEqual([]);
});
