import type { IntakeWarningClient } from '../transport/client';
import { pollRefusals } from '../transport/refusals';
import type { Refusal } from './model';

/** What was refused at intake lately; null until the first answer. */
export class Refusals {
  rows = $state.raw<readonly Refusal[] | null>(null);
  private readonly client: IntakeWarningClient;

  constructor(client: IntakeWarningClient) {
    this.client = client;
  }

  /** Starts to ask; the function returned ends it. */
  start(): () => void {
    return pollRefusals({ client: this.client, onRows: (rows) => (this.rows = rows) });
  }
}
