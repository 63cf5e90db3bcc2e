import type { DashboardClient } from '../transport/client';
import { jitteredBackoff } from '../transport/backoff';
import { watchDashboard, type Watch } from '../transport/watch';
import { condition, type Condition, type Fault, type Link } from './freshness';
import type { Frame, TrackedEvent } from './model';
import { applyFrame, type Overview } from './overview';

/** One event shows at once; of many the page takes in a second's worth together, or nobody could read them. */
const EVENTS_EVERY_MS = 1_000;

/** The live picture: what every view reads. One per page. */
export class Live {
  overview = $state.raw<Overview | null>(null);
  /** The local clock, moved on each second and with each frame. */
  now = $state(Date.now());
  private link = $state.raw<Link>({ kind: 'connecting' });
  private lastFault = $state.raw<Fault | null>(null);
  readonly condition: Condition = $derived(condition(this.link, this.freshness(), this.lastFault, this.now));

  private readonly client: DashboardClient;
  private readonly host: string;
  private watch: Watch | null = null;
  private pending: TrackedEvent[] = [];
  private flushedAt = 0;
  private pendingTimer: ReturnType<typeof setTimeout> | undefined;

  /** `host` is named in what is said about faults. */
  constructor(client: DashboardClient, host: string) {
    this.client = client;
    this.host = host;
  }

  /** Starts to watch; the function returned stops it. */
  start(): () => void {
    this.watch = watchDashboard({
      client: this.client,
      backoff: jitteredBackoff(),
      host: this.host,
      onFrame: (frame) => this.take(frame),
      onLink: (link) => this.follow(link),
    });
    const clock = setInterval(() => (this.now = Date.now()), 1000);
    return () => {
      clearInterval(clock);
      clearTimeout(this.pendingTimer);
      this.watch?.stop();
    };
  }

  retryNow(): void {
    this.watch?.retryNow();
  }

  private freshness(): { updatedAt: number; freshAt: number } | null {
    const overview = this.overview;
    return overview && { updatedAt: overview.snapshot.updatedAt, freshAt: overview.freshAt };
  }

  private follow(link: Link): void {
    this.now = Date.now();
    this.link = link;
    if (link.kind === 'open') this.lastFault = null;
    else if (link.kind === 'waiting') this.lastFault = link.fault;
  }

  private take(frame: Frame): void {
    if (frame.kind === 'events') {
      this.pending.push(...frame.events);
      const wait = Math.max(0, this.flushedAt + EVENTS_EVERY_MS - Date.now());
      this.pendingTimer ??= setTimeout(() => this.flushEvents(), wait);
      return;
    }
    this.flushEvents();
    this.now = Date.now();
    this.overview = applyFrame(this.overview, frame, this.now);
  }

  private flushEvents(): void {
    clearTimeout(this.pendingTimer);
    this.pendingTimer = undefined;
    if (this.pending.length === 0) return;
    const events = this.pending;
    this.pending = [];
    this.flushedAt = Date.now();
    this.overview = applyFrame(this.overview, { kind: 'events', events }, Date.now());
  }
}
