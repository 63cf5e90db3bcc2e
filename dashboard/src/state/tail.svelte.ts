import type { LiveError } from '@binnacle/client';
import { faultOfCall, faultOfRefusal, type Fault } from '../transport/faults';
import { ends, type Ends, type Range } from './range';
import { merged, MOST_ROWS, type Row } from './rows';

export interface Page<R> {
  /** Newest first. */
  readonly rows: readonly R[];
  /** Leads to older ones; empty where there are none. */
  readonly older: string;
}

/** Who is told what comes. */
export interface Told<R> {
  rows(rows: readonly R[], leftOut: number): void;
  /** Some may have been missed: the newest are to be fetched. */
  missed(): void;
  error(error: LiveError): void;
}

export interface TailSource<Filter, R extends Row> {
  /** The newest rows, or those a former page led to. */
  page(filter: Filter, within: Ends, older: string, size: number, signal: AbortSignal): Promise<Page<R>>;
  /** Tells what a filter finds from now on, until the function returned is called. */
  follow(filter: Filter, told: Told<R>): () => void;
}

const PAGE = 200;
/** Rows told within this time appear together. */
const TOGETHER_MS = 250;
/** What was accepted just before the stream began may be in the store only now. */
const SETTLE_MS = 2_000;

/** The rows a filter finds, newest first: those that are stored, and while the range moves on those that come. */
export class Tail<Filter, R extends Row> {
  rows = $state.raw<readonly R[]>([]);
  fault = $state.raw<Fault | null>(null);
  /** Whether what is shown belongs to a former filter. */
  pending = $state(true);
  /** Whether what comes waits instead of moving what is read. */
  paused = $state(false);
  waiting = $state.raw<readonly R[]>([]);
  /** Rows that were not told live because there were too many. */
  leftOut = $state(0);
  /** Leads to older rows; empty where there are none. */
  private older = $state('');
  readonly hasOlder: boolean = $derived(this.older !== '');

  private readonly source: TailSource<Filter, R>;
  private asked: { readonly filter: Filter; readonly range: Range; readonly signal: AbortSignal } | null = null;
  private arriving: R[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: TailSource<Filter, R>) {
    this.source = source;
  }

  /** Shows what a filter finds, until the function returned is called. */
  show(filter: Filter, range: Range): () => void {
    const ending = new AbortController();
    this.asked = { filter, range, signal: ending.signal };
    this.pending = true;
    this.waiting = [];
    this.leftOut = 0;
    const stop = range.kind === 'last' ? this.follow(filter) : (): void => {};
    void this.fetch(true);
    const settled = range.kind === 'last' ? setTimeout(() => void this.fetch(false), SETTLE_MS) : undefined;
    return () => {
      ending.abort();
      stop();
      clearTimeout(settled);
    };
  }

  pause(paused: boolean): void {
    this.paused = paused;
    if (paused) return;
    this.rows = merged(this.rows, this.waiting);
    this.waiting = [];
  }

  /** Fetches rows before the oldest that is shown. */
  async more(): Promise<void> {
    const { asked, older } = this;
    if (!asked || older === '') return;
    try {
      const page = await this.source.page(asked.filter, ends(asked.range, Date.now()), older, PAGE, asked.signal);
      this.older = page.older;
      this.rows = merged(this.rows, page.rows, this.rows.length + page.rows.length);
    } catch (error) {
      if (!asked.signal.aborted) this.fault = faultOfCall(error);
    }
  }

  private async fetch(anew: boolean): Promise<void> {
    const { asked } = this;
    if (!asked) return;
    try {
      const page = await this.source.page(asked.filter, ends(asked.range, Date.now()), '', PAGE, asked.signal);
      if (asked.signal.aborted) return;
      if (anew) this.older = page.older;
      if (anew || !this.paused) this.rows = merged(anew ? this.arriving.splice(0) : this.rows, page.rows);
      this.fault = null;
    } catch (error) {
      if (asked.signal.aborted) return;
      this.fault = faultOfCall(error);
    }
    this.pending = false;
  }

  private follow(filter: Filter): () => void {
    this.arriving = [];
    const stop = this.source.follow(filter, {
      rows: (rows, leftOut) => this.arrive(rows, leftOut),
      // The first page is on its way anyhow, and what is shown until then belongs to a former filter.
      missed: () => void (this.pending || this.fetch(false)),
      error: (error) => (this.fault = faultOfRefusal(error)),
    });
    return () => {
      stop();
      clearTimeout(this.timer);
      this.timer = undefined;
    };
  }

  private arrive(rows: readonly R[], leftOut: number): void {
    this.leftOut += leftOut;
    if (rows.length === 0) return;
    this.arriving.push(...rows);
    this.timer ??= setTimeout(() => this.take(), TOGETHER_MS);
  }

  private take(): void {
    this.timer = undefined;
    // Before the first page is there, what comes waits for it: the rows shown are those of a former filter.
    if (this.pending) return;
    const fresh = this.arriving;
    this.arriving = [];
    if (this.paused) this.waiting = merged(this.waiting, fresh);
    else this.rows = merged(this.rows, fresh, Math.max(MOST_ROWS, this.rows.length));
  }
}
