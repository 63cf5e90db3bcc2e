export const EVERY_MS = 10_000;
/** After how long at most a question is asked again that could not be asked. */
const AGAIN_MS = 5_000;

/** Something that is asked again and again. */
export interface Polling {
  /** Asks without waiting for the next turn; of several wishes while an answer is on its way, one is left. */
  again(): void;
  stop(): void;
}

/** A question, and what is done with its answer. It may fail, and has to end when it is told to. */
export type Question = (signal: AbortSignal) => Promise<void>;

/**
 * Asks until it is stopped. What cannot be asked stays as it was: whether anything answers at all, the page says
 * elsewhere.
 */
export function poll(question: Question, everyMs = EVERY_MS): Polling {
  const whole = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  let wanted = false;
  const turn = async (): Promise<void> => {
    clearTimeout(timer);
    wanted = asking;
    if (asking || whole.signal.aborted) return;
    asking = true;
    const answered = await question(AbortSignal.any([whole.signal, AbortSignal.timeout(everyMs)])).then(
      () => true,
      () => false,
    );
    asking = false;
    if (wanted) return turn();
    if (!whole.signal.aborted) timer = setTimeout(() => void turn(), answered ? everyMs : Math.min(everyMs, AGAIN_MS));
  };
  void turn();
  return {
    again: () => void turn(),
    stop: () => {
      whole.abort();
      clearTimeout(timer);
    },
  };
}
