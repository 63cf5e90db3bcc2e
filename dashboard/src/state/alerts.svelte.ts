import type { AlertCalls } from '../transport/alerts';
import { poll, type Polling } from '../transport/polling';
import { sortAlerts } from './alerts';
import type { AlertList } from './model';

/** Alerts that have not ended, as they stand. */
export class Alerts {
  /** Null until the first answer. */
  list = $state.raw<AlertList | null>(null);
  private readonly calls: AlertCalls;
  private polling: Polling | null = null;

  constructor(calls: AlertCalls) {
    this.calls = calls;
  }

  /** Starts to ask; the function returned ends it. */
  start(): () => void {
    const polling = (this.polling = poll(async (signal) => {
      const { rows, ...rest } = await this.calls.list(signal);
      if (!signal.aborted) this.list = { rows: sortAlerts(rows), ...rest };
    }));
    return () => polling.stop();
  }

  /** Something has changed. */
  refresh(): void {
    this.polling?.again();
  }

  /** Says that somebody is on it. Raises ConnectError. */
  async acknowledge(id: string): Promise<void> {
    await this.calls.acknowledge(id).finally(() => this.refresh());
  }
}
