import type { Refusal } from '../state/model';
import { poll } from './polling';

/** More than anybody reads; the API gives all. */
export const ROWS = 20;

export interface Asking {
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

/** Asks what was refused within the last day, again and again until the function returned is called. */
export function pollRefusals({ origin, onRows, everyMs, ask = fetch }: Asking): () => void {
  const question = async (signal: AbortSignal): Promise<void> => {
    const answer = await ask(`${origin}/api/v1/intake-warnings?page_size=${ROWS}`, { signal });
    if (!answer.ok) return;
    const { warnings } = (await answer.json()) as { warnings: readonly IntakeWarning[] };
    if (!signal.aborted) onRows(warnings.map(refusal));
  };
  return poll(question, everyMs).stop;
}

function refusal({ kind, field, description, source, sample, count, last_time }: IntakeWarning): Refusal {
  return { kind, field, description, source, sample, count, lastAt: Date.parse(last_time) };
}
