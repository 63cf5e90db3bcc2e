/** What was deleted for good, and how far that is. */

export interface Deletion {
  readonly id: string;
  readonly scope: 'user' | 'tenant';
  readonly state: 'running' | 'done' | 'closed';
  readonly requestedAt: number;
  /** When nothing was left for the first time; null while running. */
  readonly doneAt: number | null;
  readonly deletedRows: number;
  /** Rows that were left when it was last looked. */
  readonly remainingRows: number;
  readonly verifiedAt: number | null;
  /** Of a person: what stands for their id, which is not kept. */
  readonly digest: string;
}

/** Of whom everything goes. */
export interface Doomed {
  readonly scope: Deletion['scope'];
  /** Id of the person, or the tenant's name: what has to be typed by who is sure. */
  readonly name: string;
}

/** The longest id of a person. */
export const LONGEST_ID = 200;

export const STATES: Readonly<Record<Deletion['state'], string>> = {
  running: 'rows are deleted; the store lets go of their files within 10 minutes',
  done: 'nothing is left; what comes late is held back for 48 hours',
  closed: 'nothing is left, and nothing can come late any more',
};

/** Whether somebody typed the name that stands there: to the letter, or it is another one. */
export function isSure({ name }: Doomed, typed: string): boolean {
  return name !== '' && typed === name;
}

export function isRunning(deletions: readonly Deletion[]): boolean {
  return deletions.some(({ state }) => state === 'running');
}
