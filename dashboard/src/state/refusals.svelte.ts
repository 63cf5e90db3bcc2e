import { pollRefusals, type Asking } from '../transport/refusals';
import type { Refusal } from './model';

/** What was refused at intake lately; null until the first answer. */
export class Refusals {
  rows = $state.raw<readonly Refusal[] | null>(null);
  private readonly source: Omit<Asking, 'onRows'>;

  constructor(source: Omit<Asking, 'onRows'>) {
    this.source = source;
  }

  /** Starts to ask; the function returned ends it. */
  start(): () => void {
    return pollRefusals({ ...this.source, onRows: (rows) => (this.rows = rows) });
  }
}
