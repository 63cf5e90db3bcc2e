import type { Refusal } from '../state/model';

export const EVERY_MS = 10_000;
/** More than anybody reads; the API gives all. */
export const ROWS = 20;

export interface Polling {
  /** Address of the edge. */
  readonly origin: string;
  readonly onRows: (rows: readonly Refusal[]) => void;
  readonly everyMs?: number;
  readonly ask?: typeof fetch;
}

/** A kind of refusal as REST tells it (`IntakeWarning`). */
interface IntakeWarning extends Omit<Refusal, 'lastAt'> {
  readonly last_time: string;
}

/**
 * Asks what was refused within the last day, again and again until the function returned is called. What cannot be
 * asked stays as it was: whether anything answers at all, the page says elsewhere.
 */
export function pollRefusals({ origin, onRows, everyMs = EVERY_MS, ask = fetch }: Polling): () => void {
  const whole = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const turn = async (): Promise<void> => {
    try {
      const signal = AbortSignal.any([whole.signal, AbortSignal.timeout(everyMs)]);
      const answer = await ask(`${origin}/api/v1/intake-warnings?page_size=${ROWS}`, { signal });
      if (answer.ok) {
        const { warnings } = (await answer.json()) as { warnings: readonly IntakeWarning[] };
        if (!whole.signal.aborted) onRows(warnings.map(refusal));
      }
    } catch {
      // The next turn asks again.
    }
    if (!whole.signal.aborted) timer = setTimeout(() => void turn(), everyMs);
  };
  void turn();
  return () => {
    whole.abort();
    clearTimeout(timer);
  };
}

function refusal({ kind, field, description, source, sample, count, last_time }: IntakeWarning): Refusal {
  return { kind, field, description, source, sample, count, lastAt: Date.parse(last_time) };
}
