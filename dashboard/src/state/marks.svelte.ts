import type { Change, Changes } from '../transport/changes';
import type { Fault } from '../transport/faults';
import { Asked } from './asked.svelte';
import type { Range } from './range';

const EVERY_MS = 10_000;
const NONE: readonly Change[] = [];

/** What was changed within the time that a view shows, oldest first. */
export class Marks {
  private readonly asked: Asked<Range, readonly Change[]>;

  constructor(changes: Pick<Changes, 'within'>) {
    this.asked = new Asked((range, signal) => changes.within(range, signal));
  }

  get all(): readonly Change[] {
    return this.asked.answer ?? NONE;
  }

  /** Whether that is known yet. */
  get known(): boolean {
    return this.asked.answer !== null;
  }

  /** Why there is no newer answer. */
  get fault(): Fault | null {
    return this.asked.fault;
  }

  /** Asks again and again, since what happened then may be told later, until the function returned is called. */
  within(range: Range): () => void {
    return this.asked.ask(range, EVERY_MS);
  }
}
