import { faultOfCall, type Fault } from '../transport/faults';
import { poll } from '../transport/polling';

export interface Leaf<Row> {
  readonly rows: readonly Row[];
  /** Leads to the next page; empty on the last. */
  readonly next: string;
}

type Call<Question, Row> = (question: Question, token: string, signal: AbortSignal) => Promise<Leaf<Row>>;

/** The answer to a question that comes page by page. Former rows stay until there are others, so that nothing flickers. */
export class Paged<Question, Row> {
  rows = $state.raw<readonly Row[]>([]);
  fault = $state.raw<Fault | null>(null);
  /** Whether what is shown answers a former question. */
  pending = $state(true);
  private next = $state('');
  readonly hasMore: boolean = $derived(this.next !== '');
  private readonly call: Call<Question, Row>;
  private asked: { readonly question: Question; readonly signal: AbortSignal } | null = null;
  /** Whether there is more than the first page: then it is not asked again, or what is read would be gone. */
  private extended = false;

  constructor(call: Call<Question, Row>) {
    this.call = call;
  }

  /** Asks, and where it is given again so long after each answer, until the function returned is called. */
  ask(question: Question, everyMs: number | null = null): () => void {
    const ending = new AbortController();
    this.asked = { question, signal: ending.signal };
    this.extended = false;
    this.pending = true;
    if (everyMs === null) {
      void this.turn('', ending.signal);
      return () => ending.abort();
    }
    const { stop } = poll((signal) => (this.extended ? Promise.resolve() : this.turn('', signal)), everyMs);
    return () => {
      ending.abort();
      stop();
    };
  }

  /** Fetches the next page. */
  async more(): Promise<void> {
    if (!this.asked || this.next === '') return;
    this.extended = true;
    await this.turn(this.next, this.asked.signal);
  }

  private async turn(token: string, ending: AbortSignal): Promise<void> {
    const { asked } = this;
    if (!asked) return;
    try {
      const { rows, next } = await this.call(asked.question, token, ending);
      if (ending.aborted || (token === '' && this.extended)) return;
      this.rows = token === '' ? rows : [...this.rows, ...rows];
      this.next = next;
      this.fault = null;
    } catch (error) {
      if (ending.aborted) return;
      this.fault = faultOfCall(error);
    }
    this.pending = false;
  }
}
