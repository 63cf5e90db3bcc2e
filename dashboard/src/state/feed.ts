import type { TrackedEvent } from './model';

/** An event in the feed: `id` is stable for as long as it is shown. */
export interface FeedEntry {
  readonly id: number;
  readonly event: TrackedEvent;
  /** Whether it came with few others: only then can the eye follow it. */
  readonly calm: boolean;
}

export interface Feed {
  /** Newest first. */
  readonly entries: readonly FeedEntry[];
  readonly nextId: number;
}

export const EMPTY_FEED: Feed = { entries: [], nextId: 1 };
export const FEED_LENGTH = 40;
const FEW = 3;

/** Adds events that just happened, given oldest first. */
export function addEvents(feed: Feed, events: readonly TrackedEvent[]): Feed {
  return insert(feed, events.toReversed());
}

/** Adds a snapshot's events, given newest first; a full feed takes none older than its oldest. */
export function reconcile(feed: Feed, snapshot: readonly TrackedEvent[]): Feed {
  const oldest = feed.entries.length >= FEED_LENGTH ? feed.entries.at(-1)!.event.at : -Infinity;
  return insert(
    feed,
    snapshot.filter((event) => event.at >= oldest),
  );
}

/**
 * The same event may come twice, in a snapshot and on its own, in either order. Events carry no identity, so
 * two that are alike in everything, time included, are one.
 */
function insert(feed: Feed, newestFirst: readonly TrackedEvent[]): Feed {
  const known = new Set(feed.entries.map((entry) => keyOf(entry.event)));
  const missing = newestFirst.filter((event) => {
    const key = keyOf(event);
    return !known.has(key) && known.add(key);
  });
  if (missing.length === 0) return feed;
  const nextId = feed.nextId + missing.length;
  const calm = missing.length <= FEW;
  const fresh = missing.map((event, index) => ({ id: nextId - 1 - index, event, calm }));
  const entries = [...fresh, ...feed.entries].sort((x, y) => y.event.at - x.event.at);
  return { entries: entries.slice(0, FEED_LENGTH), nextId };
}

function keyOf(event: TrackedEvent): string {
  return [event.at, event.type, event.service, event.user, event.detail].join('\u0000');
}
