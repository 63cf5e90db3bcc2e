import type { Feed } from './feed';
import type { Picture, SignalPoint, Snapshot } from './model';
import { remember, type Remembered } from './trends';

/** The last picture. It outlives the connection it came by. */
export interface Overview {
  readonly snapshot: Snapshot;
  readonly points: readonly SignalPoint[];
  readonly remembered: readonly Remembered[];
  readonly demo: boolean;
}

/** The overview after one more picture. */
export function withPicture(former: Overview | null, { snapshot, points, demo }: Picture): Overview {
  return { snapshot, points, demo, remembered: remember(former?.remembered ?? [], snapshot.figures, snapshot.updatedAt) };
}

/** Whether anything was ever sent here. */
export function isEmpty({ snapshot }: Overview, feed: Feed): boolean {
  return snapshot.services.length === 0 && snapshot.figures.totalRequests === 0 && feed.entries.length === 0;
}
