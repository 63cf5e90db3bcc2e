import { faultOfCall, type Fault } from '../transport/faults';
import { poll } from '../transport/polling';

/** The answer to a question that may change. The former answer stays until the next is there, so that nothing flickers. */
export class Asked<Question, Answer> {
  answer = $state.raw<Answer | null>(null);
  /** Why there is no newer answer. */
  fault = $state.raw<Fault | null>(null);
  pending = $state(false);
  private readonly call: (question: Question, signal: AbortSignal) => Promise<Answer>;

  constructor(call: (question: Question, signal: AbortSignal) => Promise<Answer>) {
    this.call = call;
  }

  /** Asks, and where it is given again so long after each answer, until the function returned is called. */
  ask(question: Question, everyMs: number | null = null): () => void {
    if (everyMs !== null) return poll((signal) => this.turn(question, signal), everyMs).stop;
    const ending = new AbortController();
    void this.turn(question, ending.signal);
    return () => ending.abort();
  }

  private async turn(question: Question, ending: AbortSignal): Promise<void> {
    this.pending = true;
    try {
      const answer = await this.call(question, ending);
      if (ending.aborted) return;
      this.answer = answer;
      this.fault = null;
    } catch (error) {
      if (ending.aborted) return;
      this.fault = faultOfCall(error);
    }
    this.pending = false;
  }
}
