import type { Refusal } from '../state/model';
import type { IntakeWarningClient } from './client';
import { decodeRefusal } from './decode';

export const EVERY_MS = 10_000;
/** More than anybody reads; the API gives all. */
export const ROWS = 20;

export interface Polling {
  readonly client: IntakeWarningClient;
  readonly onRows: (rows: readonly Refusal[]) => void;
  readonly everyMs?: number;
}

/**
 * Asks what was refused within the last day, again and again until the function returned is called. What cannot be
 * asked stays as it was: whether anything answers at all, the page says elsewhere.
 */
export function pollRefusals({ client, onRows, everyMs = EVERY_MS }: Polling): () => void {
  const whole = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = async (): Promise<void> => {
    try {
      const answer = await client.listIntakeWarnings({ pageSize: ROWS }, { signal: whole.signal, timeoutMs: everyMs });
      if (!whole.signal.aborted) onRows(answer.warnings.map(decodeRefusal));
    } catch {
      // The next turn asks again.
    }
    if (!whole.signal.aborted) timer = setTimeout(() => void ask(), everyMs);
  };
  void ask();
  return () => {
    whole.abort();
    clearTimeout(timer);
  };
}
