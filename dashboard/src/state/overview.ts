import { addEvents, EMPTY_FEED, reconcile, type Feed } from './feed';
import type { Frame, SignalPoint, Snapshot } from './model';
import { mergePoints } from './points';
import { remember, type Remembered } from './trends';

/** The last picture. It outlives the stream it came from. */
export interface Overview {
  readonly snapshot: Snapshot;
  readonly points: readonly SignalPoint[];
  readonly feed: Feed;
  readonly remembered: readonly Remembered[];
  readonly demo: boolean;
  /** Local time at which the snapshot's own time last moved on: what the age of the data is counted from. */
  readonly freshAt: number;
}

/**
 * The picture after one more frame. `state` starts the points anew but keeps the feed, so that coming back
 * does not flicker; what arrives before any `state` is left out. `now` is the local clock in milliseconds.
 */
export function applyFrame(former: Overview | null, frame: Frame, now: number): Overview | null {
  if (frame.kind === 'state') {
    const { demo } = frame;
    return { ...withSnapshot(former, frame.snapshot, now), points: mergePoints([], frame.points), demo };
  }
  if (former === null) return null;
  if (frame.kind === 'events') return { ...former, feed: addEvents(former.feed, frame.events) };
  return { ...withSnapshot(former, frame.snapshot, now), points: mergePoints(former.points, frame.points) };
}

function withSnapshot(former: Overview | null, snapshot: Snapshot, now: number): Overview {
  const moved = former === null || snapshot.updatedAt !== former.snapshot.updatedAt;
  return {
    snapshot,
    points: former?.points ?? [],
    feed: reconcile(former?.feed ?? EMPTY_FEED, snapshot.events),
    remembered: remember(former?.remembered ?? [], snapshot.figures, snapshot.updatedAt),
    demo: former?.demo ?? false,
    freshAt: moved ? now : former.freshAt,
  };
}

/** Whether anything was ever sent here. */
export function isEmpty(overview: Overview): boolean {
  const { snapshot } = overview;
  return snapshot.services.length === 0 && snapshot.figures.totalRequests === 0 && overview.feed.entries.length === 0;
}
