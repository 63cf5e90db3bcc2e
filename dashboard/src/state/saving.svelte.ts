import { faultOfCall, type Fault } from '../transport/faults';
import type { ExportedFile, Exports, ExportSource, Format, Progress } from '../transport/exports';

/** A file that is being made. */
export class Saving {
  /** Whether one is. */
  running = $state(false);
  progress = $state<Progress>(null);
  fault = $state.raw<Fault | null>(null);
  private readonly exports: Exports;
  private readonly give: (file: ExportedFile) => void;
  private ending = new AbortController();

  /** What is finished is given to `give`. */
  constructor(exports: Exports, give: (file: ExportedFile) => void) {
    this.exports = exports;
    this.give = give;
  }

  async start(source: ExportSource, format: Format): Promise<void> {
    this.ending = new AbortController();
    const { signal } = this.ending;
    [this.running, this.progress, this.fault] = [true, null, null];
    try {
      this.give(await this.exports.file(source, format, (part) => (this.progress = part), signal));
    } catch (error) {
      if (!signal.aborted) this.fault = faultOfCall(error);
    }
    this.running = false;
  }

  stop(): void {
    this.ending.abort();
  }
}
