import type { DashboardState, LiveClient, LiveEvent, LiveState, Snapshot } from '@binnacle/client';
import { decodeEvent, decodePicture } from '../transport/decode';
import { delay, shown, type Delay, type Shown } from './delays';
import { addEvents, EMPTY_FEED, reconcile, type Feed } from './feed';
import { condition, type Condition } from './freshness';
import type { ToldEvent } from './model';
import { withPicture, type Overview } from './overview';

/** One event shows at once; of many the page takes in a moment's worth together. */
const EVENTS_EVERY_MS = 250;
/** After a longer break the feed is not filled with all that happened meanwhile. */
const RESUME_MS = 5 * 60_000;

/** The live picture: what every view reads. One per page. */
export class Live {
  overview = $state.raw<Overview | null>(null);
  feed = $state.raw<Feed>(EMPTY_FEED);
  /** The local clock, moved on each second and with each picture. */
  now = $state(Date.now());
  private link = $state.raw<LiveState>({ kind: 'connecting', since: Date.now() });
  private told = $state(false);
  private serverAhead = $state(0);
  private shownEvents: readonly Shown[] = [];
  private shownFigures: readonly Shown[] = [];
  readonly condition: Condition = $derived.by(() =>
    condition({
      state: this.link,
      host: this.host,
      updatedAt: this.overview?.snapshot.updatedAt ?? null,
      told: this.told,
      now: this.now,
      serverNow: this.now + this.serverAhead,
    }),
  );
  /** Whether nothing is told because nobody is signed in who may look. */
  readonly refused: boolean = $derived(this.link.kind === 'offline' && this.link.reason.cause === 'unauthenticated');
  /** From acceptance to this screen. */
  events = $state.raw<Delay | null>(null);
  /** From their making to this screen. */
  figures = $state.raw<Delay | null>(null);
  /** How old the figures shown are, in milliseconds, by the server's clock. */
  readonly age: number | null = $derived(
    this.overview && Math.max(0, this.now + this.serverAhead - this.overview.snapshot.updatedAt),
  );
  /** Milliseconds to the server and back. */
  roundTrip = $state<number | null>(null);

  /** The one stream of this page: views ask it for more. */
  readonly client: LiveClient;
  private readonly host: string;
  private pending: ToldEvent[] = [];
  private flushedAt = 0;
  private pendingTimer: ReturnType<typeof setTimeout> | undefined;

  /** `host` is named in what is said about faults. */
  constructor(client: LiveClient, host: string) {
    this.client = client;
    this.host = host;
  }

  /** Starts to watch; the function returned stops it. */
  start(): () => void {
    const { client } = this;
    client.onState((state) => this.follow(state));
    client.subscribe(
      { room: 'dashboard' },
      {
        kept: (snapshot) => this.paint(snapshot),
        overview: (overview) => this.take(overview),
        events: (events) => this.takeEvents(events),
      },
      { keep: 'overview', resumeWithin: RESUME_MS },
    );
    const clock = setInterval(() => this.tick(), 1000);
    return () => {
      clearInterval(clock);
      clearTimeout(this.pendingTimer);
      client.close();
    };
  }

  retryNow(): void {
    this.client.retryNow();
  }

  private follow(state: LiveState): void {
    this.readClocks();
    this.link = state;
  }

  private readClocks(): void {
    this.now = Date.now();
    this.serverAhead = this.client.now() - this.now;
  }

  /** What the last visit showed, until there is more. */
  private paint({ overview, events }: Snapshot): void {
    this.feed = addEvents(EMPTY_FEED, events.map(decodeEvent));
    if (overview) this.show(overview);
  }

  private take(state: DashboardState): void {
    this.flushEvents();
    this.readClocks();
    this.told = true;
    this.show(state);
    const { updatedAt } = this.overview!.snapshot;
    this.onScreen((at) => (this.shownFigures = shown(this.shownFigures, at, [updatedAt])));
  }

  private show(state: DashboardState): void {
    const picture = decodePicture(state);
    this.overview = withPicture(this.overview, picture);
    this.feed = reconcile(this.feed, picture.snapshot.events);
  }

  private takeEvents(events: readonly LiveEvent[]): void {
    this.pending.push(...events.map(decodeEvent));
    const wait = Math.max(0, this.flushedAt + EVENTS_EVERY_MS - Date.now());
    this.pendingTimer ??= setTimeout(() => this.flushEvents(), wait);
  }

  private flushEvents(): void {
    clearTimeout(this.pendingTimer);
    this.pendingTimer = undefined;
    if (this.pending.length === 0) return;
    const events = this.pending;
    this.pending = [];
    this.flushedAt = Date.now();
    this.feed = addEvents(this.feed, events);
    this.onScreen((at) => (this.shownEvents = shown(this.shownEvents, at, events.map(({ acceptedAt }) => acceptedAt))));
  }

  /** Calls back once what was just changed is painted, with the server's time then. A hidden page paints nothing. */
  private onScreen(note: (at: number) => void): void {
    requestAnimationFrame(() => setTimeout(() => note(this.client.now())));
  }

  private tick(): void {
    const { client } = this;
    this.readClocks();
    this.roundTrip = client.roundTrip;
    this.events = delay(this.shownEvents, client.now());
    this.figures = delay(this.shownFigures, client.now());
  }
}
