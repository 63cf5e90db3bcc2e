import { Code, ConnectError } from '@connectrpc/connect';
import type { Dashboard } from '@gen/binnacle/dashboards/v1/dashboards_pb';
import { faultOfCall, type Fault } from '../../transport/faults';

/** What somebody does to a dashboard, told so that it can be done again on another version. */
export type Edit = (dashboard: Dashboard) => Dashboard;

/** What is asked of the suite. */
export interface Keeping {
  follow(id: string, signal: AbortSignal): AsyncIterable<Dashboard | null>;
  update(dashboard: Dashboard): Promise<Dashboard>;
  restore(id: string, presentVersion: bigint, version?: bigint): Promise<Dashboard>;
}

/** An edit that was refused because somebody else was first. */
export interface Conflict {
  /** Who was first, and when, as the suite says it. */
  readonly message: string;
  readonly edits: readonly Edit[];
}

const AGAIN_MS = 2_000;
const RESTORE_TRIES = 5;
/** What will not change by asking again. What is deleted may be restored. */
const FINAL: readonly Code[] = [Code.PermissionDenied, Code.Unauthenticated, Code.InvalidArgument];

/**
 * A dashboard that is open. What others change appears at once; what is changed here is shown at once, saved at once, and
 * taken back when it was refused. An edit is made of the version that its author saw: two never overwrite each other.
 */
export class Opened {
  private told = $state.raw<Dashboard | null>(null);
  private edits = $state.raw<readonly { readonly edit: Edit; readonly base: bigint }[]>([]);
  /** As it stands, with what is on its way. */
  readonly dashboard: Dashboard | null = $derived(this.told && this.edits.reduce((made, { edit }) => edit(made), this.told));
  conflict = $state.raw<Conflict | null>(null);
  fault = $state.raw<Fault | null>(null);
  /** Whether it was deleted, or never was. */
  gone = $state(false);
  readonly saving: boolean = $derived(this.edits.length > 0);
  private mine = $state.raw<{ readonly version: bigint; readonly made: 'here' | 'undone' } | null>(null);
  /** Whose the present version is: made here, made here by undoing, or somebody's. */
  readonly made: 'here' | 'undone' | 'elsewhere' = $derived(this.told?.version === this.mine?.version ? (this.mine?.made ?? 'elsewhere') : 'elsewhere');
  private running = false;
  private readonly keeping: Keeping;
  private readonly id: string;

  constructor(keeping: Keeping, id: string) {
    this.keeping = keeping;
    this.id = id;
  }

  /** Follows it until the function returned is called. */
  start(): () => void {
    const ending = new AbortController();
    void this.follow(ending.signal);
    return () => ending.abort();
  }

  /** Makes an edit of what is shown, or of the version that is given: that which its author began from. */
  change(edit: Edit, base: bigint = this.told?.version ?? 0n): void {
    this.edits = [...this.edits, { edit, base }];
    if (!this.running) void this.save();
  }

  /** Makes refused edits again, on what others made meanwhile. */
  again(): void {
    const { conflict } = this;
    this.conflict = null;
    for (const edit of conflict?.edits ?? []) this.change(edit);
  }

  /** Leaves it as others made it. */
  leave(): void {
    this.conflict = null;
  }

  /** Makes it as it was; without a version the last change is undone. A version of a moment ago may not be stored yet. */
  async restore(version?: bigint, tries = RESTORE_TRIES): Promise<void> {
    if (!this.told) return;
    this.fault = null;
    try {
      const restored = await this.keeping.restore(this.id, this.told.version, version);
      this.mine = { version: restored.version, made: version === undefined && !this.gone ? 'undone' : 'here' };
      this.take(restored);
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unavailable && tries > 1) return wait(AGAIN_MS).then(() => this.restore(version, tries - 1));
      this.fault = faultOfCall(error);
    }
  }

  private async save(): Promise<void> {
    this.running = true;
    while (this.edits.length > 0 && this.told) {
      const [{ edit, base }] = this.edits as [{ edit: Edit; base: bigint }];
      const mine = this.told.version;
      try {
        const kept = await this.keeping.update({ ...edit(this.told), version: base });
        this.mine = { version: kept.version, made: 'here' };
        this.take(kept);
        this.edits = this.edits.slice(1).map((later) => (later.base === mine ? { ...later, base: kept.version } : later));
        this.fault = null;
      } catch (error) {
        this.refused(error);
      }
    }
    this.running = false;
  }

  private refused(error: unknown): void {
    const { code, rawMessage } = ConnectError.from(error);
    if (code === Code.Aborted) this.conflict = { message: rawMessage, edits: this.edits.map(({ edit }) => edit) };
    else this.fault = faultOfCall(error);
    this.edits = [];
  }

  /** The newest that was heard of: an answer and the stream may overtake each other. */
  private take(dashboard: Dashboard): void {
    if (!this.told || dashboard.version >= this.told.version) this.told = dashboard;
    this.gone = false;
  }

  private async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const dashboard of this.keeping.follow(this.id, signal)) {
          if (dashboard) this.take(dashboard);
          else this.gone = true;
        }
      } catch (error) {
        if (signal.aborted) return;
        const { code } = ConnectError.from(error);
        if (code === Code.NotFound) this.gone = true;
        else if (FINAL.includes(code) || !this.told) this.fault = faultOfCall(error);
        if (FINAL.includes(code)) return;
      }
      await wait(AGAIN_MS);
    }
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
