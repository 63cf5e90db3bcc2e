import type { ServerFrame } from '../../../gen/typescript/binnacle/live/v1/live_pb.js';
import { backoff } from './backoff.js';
import { Keeper, type KeptStorage } from './keeper.js';
import { Link, type Ending } from './link.js';
import { causeOfRefusal, type Reason } from './reasons.js';
import { ServerClock } from './server-clock.js';
import type { LiveState } from './state.js';
import { Subscription, type Handlers, type Host, type Source, type SubscriptionOptions } from './subscription.js';
import {
  BROWSER_PAGE,
  browserStorage,
  nativeSocket,
  SYSTEM,
  tell,
  type Page,
  type SocketFactory,
  type Timers,
} from './surroundings.js';

/** A connection that lasted so long was a good one: the next attempts begin with short waits again. */
const GOOD_MS = 10_000;
const TICK_MS = 1_000;

export interface ClientOptions {
  /** A token, or what gives one: asked before each connection, so that one that expires is replaced. */
  readonly token?: string | (() => string | Promise<string>);
  /** Where snapshots are kept; `localStorage` unless given, `null` for nowhere. */
  readonly storage?: KeptStorage | null;
  /** What opens sockets; the native WebSocket unless given. */
  readonly socket?: SocketFactory;
  readonly timers?: Timers;
  readonly page?: Page;
  /** Asked why a connection was refused. */
  readonly fetch?: typeof fetch;
}

/** A live connection to Binnacle that comes back by itself, until it is closed. */
export class LiveClient {
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly listeners = new Set<(state: LiveState) => void>();
  private readonly clock = new ServerClock();
  private readonly keeper: Keeper;
  private readonly host: Host;
  private readonly address: string;
  private readonly url: string;
  private readonly timers: Timers;
  private readonly socket: SocketFactory;
  private readonly endings: (() => void)[];
  private current: LiveState;
  private link: Link | null = null;
  private open = false;
  private cancelRetry: () => void = () => {};
  private cancelTick: () => void = () => {};
  private attempts = 0;
  /** Of attempts to connect: what belongs to a former one is passed over. */
  private turn = 0;
  private ids = 0;
  private openedAt = 0;
  private heardAt = 0;

  /** `address` is that of the edge, such as `https://binnacle.example`. Throws a TypeError for none. */
  constructor(
    address: string,
    private readonly options: ClientOptions = {},
  ) {
    this.address = new URL(address).href.replace(/\/$/, '');
    this.url = `${this.address.replace(/^http/, 'ws')}/ws/v1/live`;
    this.timers = options.timers ?? SYSTEM;
    this.socket = options.socket ?? nativeSocket();
    this.keeper = new Keeper(options.storage === undefined ? browserStorage() : options.storage);
    this.host = { keeper: this.keeper, ask: (one) => this.ask(one), leave: (one) => this.leave(one) };
    this.current = { kind: 'connecting', since: this.timers.now() };
    const page = options.page ?? BROWSER_PAGE;
    this.endings = [page.onTurn(() => this.turned()), page.onLeave(() => this.save(true))];
    this.tick();
    void this.attempt();
  }

  get state(): LiveState {
    return this.current;
  }

  /** The server's clock, in milliseconds since 1970, to within half a round trip. */
  now(): number {
    return this.timers.now() + this.clock.ahead;
  }

  /** The shortest round trip of late in milliseconds; null before the first. */
  get roundTrip(): number | null {
    return this.clock.roundTrip;
  }

  /** Calls back whenever the state changes; the function returned ends that. */
  onState(listener: (state: LiveState) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Asks to be told of something, also before there is a connection. Up to 100 at a time. */
  subscribe(source: Source, handlers: Handlers, options: SubscriptionOptions = {}): Subscription {
    const subscription = new Subscription(source, handlers, options, this.host, this.timers.now());
    this.ask(subscription);
    return subscription;
  }

  /** Ends a wait between two attempts. */
  retryNow(): void {
    if (this.current.kind !== 'offline' || this.current.retryAt === null) return;
    this.cancelRetry();
    this.attempts = 0;
    void this.attempt();
  }

  /** Forgets all that was kept for first paints in this storage, and keeps nothing more: for when somebody signs out. */
  forget(): void {
    this.keeper.forget();
  }

  /** Ends it for good. */
  close(): void {
    if (this.current.kind === 'closed') return;
    this.save(true);
    this.subscriptions.clear();
    this.turn += 1;
    this.cancelRetry();
    this.cancelTick();
    for (const end of this.endings) end();
    this.link?.close();
    this.link = null;
    this.open = false;
    this.become({ kind: 'closed', since: this.timers.now() });
  }

  private ask(subscription: Subscription): void {
    this.leave(subscription);
    this.ids += 1;
    subscription.id = String(this.ids);
    this.subscriptions.set(subscription.id, subscription);
    this.sayWanted(subscription);
  }

  private leave(subscription: Subscription): void {
    if (!this.subscriptions.delete(subscription.id)) return;
    this.link?.say({ case: 'unsubscribe', value: { id: subscription.id } });
  }

  private sayWanted(subscription: Subscription): void {
    this.link?.say({ case: 'subscribe', value: subscription.asked(this.timers.now(), this.heardAt) });
  }

  private async attempt(): Promise<void> {
    const turn = (this.turn += 1);
    if (this.current.kind === 'offline') this.become({ ...this.current, retryAt: null });
    let token = '';
    try {
      token = await this.token();
    } catch (error) {
      const reason: Reason = { cause: 'unauthenticated', message: `no token: ${String(error)}` };
      if (turn === this.turn) this.lost({ reason, opened: false, retryAfter: 0 });
      return;
    }
    if (turn !== this.turn) return;
    this.link = new Link(this.url, token, this.socket, this.timers, this.clock, {
      opened: () => this.opened(),
      took: (frame) => this.took(frame),
      ended: (ending) => this.ended(ending, token),
    });
  }

  private async token(): Promise<string> {
    const { token = '' } = this.options;
    return typeof token === 'string' ? token : await token();
  }

  private opened(): void {
    this.openedAt = this.timers.now();
    for (const subscription of this.subscriptions.values()) this.sayWanted(subscription);
  }

  private took(frame: ServerFrame): void {
    this.heardAt = this.timers.now();
    // Who is refused may be told so in a frame: only what comes without an end is a connection.
    this.open = !frame.end;
    for (const update of frame.updates) this.subscriptions.get(update.subscription)?.take(update, this.now());
    if (this.open) this.judge();
  }

  private ended(ending: Ending, token: string): void {
    if (ending.opened) return this.lost(ending);
    // A browser does not tell why: what was known before holds until that is found out anew.
    const reason = this.current.kind === 'offline' ? this.current.reason : ending.reason;
    this.lost({ ...ending, reason });
    void this.explain(token);
  }

  private lost({ reason, opened, retryAfter }: Ending): void {
    const now = this.timers.now();
    this.link = null;
    this.open = false;
    if (opened && now - this.openedAt >= GOOD_MS) this.attempts = 0;
    // A token that held and has expired is replaced at once.
    const expired = opened && reason.cause === 'unauthenticated' && this.attempts === 0;
    const wait = expired ? 0 : retryAfter + backoff(this.attempts, () => this.timers.random());
    this.attempts += 1;
    const since = this.current.kind === 'offline' || this.current.kind === 'connecting' ? this.current.since : now;
    this.cancelRetry = this.timers.after(wait, () => void this.attempt());
    this.become({ kind: 'offline', since, reason, retryAt: now + wait });
  }

  private async explain(token: string): Promise<void> {
    const { turn } = this;
    const cause = await causeOfRefusal(this.address, token, this.options.fetch ?? fetch);
    if (turn !== this.turn || this.current.kind !== 'offline') return;
    this.become({ ...this.current, reason: { cause, message: '' } });
  }

  private turned(): void {
    this.retryNow();
    this.link?.doubt();
  }

  private tick(): void {
    if (this.open) this.judge();
    this.save(false);
    this.cancelTick = this.timers.after(TICK_MS, () => this.tick());
  }

  private save(atOnce: boolean): void {
    for (const subscription of this.subscriptions.values()) subscription.save(this.timers.now(), atOnce);
  }

  /** Live or behind, once connected. */
  private judge(): void {
    const late = [...this.subscriptions.values()].some((subscription) => subscription.isBehind(this.now()));
    const kind = late ? 'behind' : 'live';
    if (this.current.kind !== kind) this.become({ kind, since: this.timers.now() });
  }

  private become(state: LiveState): void {
    this.current = state;
    for (const listener of this.listeners) tell(() => listener(state));
  }
}

/** Opens a live connection; see LiveClient. */
export function connect(address: string, options: ClientOptions = {}): LiveClient {
  return new LiveClient(address, options);
}
