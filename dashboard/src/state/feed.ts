import type { TrackedEvent } from './model';

/** An event in the feed: `id` is stable for as long as it is shown. */
export interface FeedEntry {
  readonly id: number;
  readonly event: TrackedEvent;
}

export interface Feed {
  /** Newest first. */
  readonly entries: readonly FeedEntry[];
  readonly nextId: number;
}

export const EMPTY_FEED: Feed = { entries: [], nextId: 1 };
export const FEED_LENGTH = 40;

/** Puts events on top that just happened, given oldest first. */
export function addEvents(feed: Feed, events: readonly TrackedEvent[]): Feed {
  return events.length === 0 ? feed : insert(feed, events.toReversed());
}

/**
 * Adds those of a snapshot's events (newest first) that the feed does not show yet. Events have no name of
 * their own; two that are alike in everything are told apart by how often they occur.
 */
export function reconcile(feed: Feed, snapshot: readonly TrackedEvent[]): Feed {
  const shown = new Map<string, number>();
  for (const { event } of feed.entries) {
    const key = keyOf(event);
    shown.set(key, (shown.get(key) ?? 0) + 1);
  }
  const oldest = feed.entries.at(-1);
  const full = feed.entries.length >= FEED_LENGTH;
  const missing = snapshot.filter((event) => {
    const key = keyOf(event);
    const left = shown.get(key) ?? 0;
    shown.set(key, left - 1);
    return left <= 0 && !(full && oldest && event.at < oldest.event.at);
  });
  return missing.length === 0 ? feed : insert(feed, missing);
}

function insert(feed: Feed, newestFirst: readonly TrackedEvent[]): Feed {
  const nextId = feed.nextId + newestFirst.length;
  const fresh = newestFirst.map((event, index) => ({ id: nextId - 1 - index, event }));
  const entries = [...fresh, ...feed.entries].sort((a, b) => b.event.at - a.event.at);
  return { entries: entries.slice(0, FEED_LENGTH), nextId };
}

function keyOf(event: TrackedEvent): string {
  return [event.at, event.type, event.service, event.user, event.detail].join('\u0000');
}
