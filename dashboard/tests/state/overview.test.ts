import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/state/model';
import { applyFrame, isEmpty, type Overview } from '../../src/state/overview';
import { event, point, service, snapshot } from '../samples';

const state: Frame = { kind: 'state', snapshot: snapshot(1000), points: [point(0), point(1000)], demo: true };

function after(...frames: Frame[]): Overview {
  return frames.reduce<Overview | null>((overview, frame, index) => applyFrame(overview, frame, 50_000 + index), null)!;
}

describe('applyFrame', () => {
  it('shows nothing before the first state', () => {
    expect(applyFrame(null, { kind: 'update', snapshot: snapshot(1), points: [] }, 0)).toBeNull();
    expect(applyFrame(null, { kind: 'events', events: [event(1)] }, 0)).toBeNull();
  });

  it('replaces the snapshot and adds points with an update', () => {
    const overview = after(state, { kind: 'update', snapshot: snapshot(2000), points: [point(2000)] });
    expect(overview.snapshot.updatedAt).toBe(2000);
    expect(overview.points.map((p) => p.at)).toEqual([0, 1000, 2000]);
    expect(overview.demo).toBe(true);
  });

  it('starts the points anew with a new state, and keeps the feed and what it remembers', () => {
    const overview = after(state, { kind: 'events', events: [event(5)] }, { ...state, snapshot: snapshot(9000), points: [point(9000)] });
    expect(overview.points.map((p) => p.at)).toEqual([9000]);
    expect(overview.feed.entries).toHaveLength(1);
    expect(overview.remembered.map((entry) => entry.at)).toEqual([1000, 9000]);
  });

  it('counts the age of the data from when the snapshot last moved on', () => {
    expect(after(state, { kind: 'update', snapshot: snapshot(1000), points: [] }).freshAt).toBe(50_000);
    expect(after(state, { kind: 'update', snapshot: snapshot(2000), points: [] }).freshAt).toBe(50_001);
  });
});

it('is empty until anything was sent', () => {
  const figures = { ...snapshot(0).figures, totalRequests: 0 };
  expect(isEmpty(after({ ...state, snapshot: snapshot(0, { figures }) }))).toBe(true);
  expect(isEmpty(after({ ...state, snapshot: snapshot(0, { figures, services: [service('shop')] }) }))).toBe(false);
  expect(isEmpty(after({ ...state, snapshot: snapshot(0, { figures, events: [event(1)] }) }))).toBe(false);
  expect(isEmpty(after(state))).toBe(false);
});
