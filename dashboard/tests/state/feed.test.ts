import { describe, expect, it } from 'vitest';
import { addEvents, EMPTY_FEED, FEED_LENGTH, reconcile, type Feed } from '../../src/state/feed';
import { event } from '../samples';

const times = (feed: Feed): number[] => feed.entries.map((entry) => entry.event.at);

describe('the feed', () => {
  it('shows the newest first', () => {
    expect(times(addEvents(EMPTY_FEED, [event(1), event(2), event(3)]))).toEqual([3, 2, 1]);
  });

  it('shows an event once, whichever of snapshot and event comes first', () => {
    const told = addEvents(EMPTY_FEED, [event(1), event(2)]);
    expect(times(reconcile(told, [event(3), event(2), event(1)]))).toEqual([3, 2, 1]);
    const pictured = reconcile(EMPTY_FEED, [event(2), event(1)]);
    expect(addEvents(pictured, [event(2)])).toBe(pictured);
  });

  it('keeps the name of what is shown, so that nothing on the page is made anew', () => {
    const before = addEvents(EMPTY_FEED, [event(1), event(2)]);
    const after = addEvents(before, [event(3)]);
    expect(after.entries.slice(1)).toEqual(before.entries);
    expect(new Set(after.entries.map((entry) => entry.id)).size).toBe(3);
  });

  it('lets few events arrive so that the eye can follow, and many at once', () => {
    const calm = (count: number): boolean[] =>
      addEvents(EMPTY_FEED, Array.from({ length: count }, (_, index) => event(index))).entries.map((entry) => entry.calm);
    expect(calm(3)).toEqual([true, true, true]);
    expect(new Set(calm(4))).toEqual(new Set([false]));
  });

  it('puts a late event where its time belongs', () => {
    expect(times(addEvents(addEvents(EMPTY_FEED, [event(1), event(3)]), [event(2)]))).toEqual([3, 2, 1]);
  });

  it('is bounded, and does not bring back what fell out', () => {
    const all = Array.from({ length: FEED_LENGTH + 5 }, (_, index) => event(index));
    const full = addEvents(EMPTY_FEED, all);
    expect(full.entries).toHaveLength(FEED_LENGTH);
    expect(reconcile(full, [event(1)])).toBe(full);
  });
});
