/** What was changed before something went wrong, and may be why. */
import type { Change } from '../../transport/changes';
import { fixed, type Range } from '../range';

/** So long before it began, a change may be why. */
export const REACH_MS = 3_600_000;

export interface Suspect extends Change {
  /** Whether the service that went wrong was changed. */
  readonly own: boolean;
  /** Milliseconds from it until what went wrong began. */
  readonly before: number;
}

/** The time within which a change may be why something began. */
export function reachOf(began: number): Range {
  return fixed(began - REACH_MS, began);
}

/** Changes of what went wrong first, then the latest. */
export function suspectsOf(changes: readonly Change[], services: readonly string[], began: number): readonly Suspect[] {
  const suspects = changes.map((change) => ({ ...change, own: services.includes(change.service), before: began - change.at }));
  return suspects.toSorted((a, b) => Number(b.own) - Number(a.own) || a.before - b.before);
}

/** As long before a change as after it, to compare. */
export function around({ at }: Change): Range {
  return fixed(at - REACH_MS / 4, at + REACH_MS / 4);
}
