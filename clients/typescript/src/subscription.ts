import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetFigureResponse } from '../../../gen/typescript/binnacle/aggregator/v1/figure_service_pb.js';
import type { GetPipelineResponse } from '../../../gen/typescript/binnacle/aggregator/v1/pipeline_service_pb.js';
import type { DashboardState } from '../../../gen/typescript/binnacle/dashboard/v1/dashboard_pb.js';
import type {
  Error as LiveError,
  EventSelectionSchema,
  FigureSelectionSchema,
  Health,
  LiveEvent,
  LiveLogLine,
  LogSelectionSchema,
  QuerySelectionSchema,
  Stats,
  SubscriptionSchema,
  Update,
} from '../../../gen/typescript/binnacle/live/v1/live_pb.js';
import type { TimeSeriesAnswer } from '../../../gen/typescript/binnacle/query/v1/query_pb.js';
import type { Keeper } from './keeper.js';
import { Lateness } from './lateness.js';
import { after, EMPTY, type Snapshot } from './snapshot.js';
import { tell } from './surroundings.js';

export type Room =
  | 'dashboard'
  | 'conversations'
  | 'campaigns'
  | 'erp'
  | 'ai'
  | 'alerts'
  | 'logs'
  | 'remediations'
  | 'stats'
  | 'health'
  | 'pipeline'
  | 'tenant';

/** What to be told of: one of these. */
export type Source =
  | { readonly room: Room }
  | { readonly events: MessageInitShape<typeof EventSelectionSchema> }
  | { readonly logs: MessageInitShape<typeof LogSelectionSchema> }
  | { readonly query: MessageInitShape<typeof QuerySelectionSchema> }
  | { readonly figures: MessageInitShape<typeof FigureSelectionSchema> };

/** Who is told. What a source brings says `docs/live.md`; whatever is not wanted may be left out. */
export interface Handlers {
  /** Before anything has arrived: what was kept under the name of this subscription, and when (local clock, ms). */
  kept?(snapshot: Snapshot, at: number): void;
  /**
   * The subscription begins, or goes on after a break. `resumed`: nothing was missed. Otherwise it begins now, also in
   * the middle of a stream: fetch anew what you show of the past.
   */
  begins?(resumed: boolean): void;
  /** The whole overview, each second. */
  overview?(overview: DashboardState): void;
  /** Events that are new, in order; each once. */
  events?(events: readonly LiveEvent[]): void;
  /** Lines that are new, in order; each once. So many were left out before them. */
  logLines?(lines: readonly LiveLogLine[], leftOut: number): void;
  /** The whole answer, whenever it was asked for. */
  answer?(answer: TimeSeriesAnswer): void;
  /** The figures asked for by name, in that order, whenever they were asked for. */
  figures?(figures: readonly GetFigureResponse[]): void;
  stats?(stats: Stats): void;
  health?(health: Health): void;
  pipeline?(pipeline: GetPipelineResponse): void;
  /** The subscription was refused, or its question has no answer this time. */
  error?(error: LiveError): void;
}

export interface SubscriptionOptions {
  /** Keeps what is shown under this name, for the first paint of the next visit. Everything one sees belongs to a tenant and perhaps a person: see `LiveClient.forget`. */
  readonly keep?: string;
  /** Where an earlier subscription to the same source stood: what was missed since comes first. */
  readonly position?: string;
  /** What was missed is told after a break of at most so many milliseconds; after a longer one `begins(false)` comes. As long as the server can, unless given. */
  readonly resumeWithin?: number;
}

/** What a subscription needs of its client. */
export interface Host {
  readonly keeper: Keeper;
  ask(subscription: Subscription): void;
  leave(subscription: Subscription): void;
}

const SAVE_MS = 10_000;

/** Something one is told of, until it is closed. */
export class Subscription {
  /** Its id on the wire: another one for each source, so that what still comes of a former source is known. */
  id = '';
  private held: Snapshot = EMPTY;
  private stands: string;
  private lateness: Lateness;
  private saved = 0;
  /** Local time of what it stands at; what its connection heard later counts too. */
  private knownAt: number;

  /** Made by `LiveClient.subscribe`. */
  constructor(
    private source: Source,
    private readonly handlers: Handlers,
    private readonly options: SubscriptionOptions,
    private readonly host: Host,
    now: number,
  ) {
    this.stands = options.position ?? '';
    this.knownAt = now;
    this.lateness = new Lateness(intervalOf(source));
    this.paint(now);
  }

  /** All that was told so far, put together. */
  get snapshot(): Snapshot {
    return this.held;
  }

  /** Where it stands, to be given to a later subscription to the same source; empty before the first is known. */
  get position(): string {
    return this.stands;
  }

  /** Asks for something else from now on. What is kept and shown begins anew. */
  change(source: Source): void {
    this.source = source;
    this.held = EMPTY;
    this.stands = '';
    this.lateness = new Lateness(intervalOf(source));
    this.host.ask(this);
  }

  /** Ends it: nothing more is told. */
  close(): void {
    this.host.leave(this);
  }

  /** Whether what it shows is of the past, by the server's clock. */
  isBehind(now: number): boolean {
    return this.lateness.isBehind(now);
  }

  /** Keeps what is shown, every 10 seconds or at once. */
  save(now: number, atOnce: boolean): void {
    if (this.options.keep === undefined || this.held === EMPTY || (!atOnce && now - this.saved < SAVE_MS)) return;
    this.saved = now;
    this.host.keeper.save(this.options.keep, { snapshot: this.held, position: this.stands, at: now });
  }

  /** As it is asked for on the wire, where something was last heard at a local time. */
  asked(now: number, heardAt: number): MessageInitShape<typeof SubscriptionSchema> {
    const silence = now - Math.max(this.knownAt, heardAt);
    if (silence > (this.options.resumeWithin ?? Infinity)) this.stands = '';
    return { id: this.id, position: this.stands, source: sourceOf(this.source) };
  }

  /** Something came; `now` by the server's clock. */
  take(update: Update, now: number): void {
    if (this.stands !== '' && refusesPosition(update)) {
      this.stands = '';
      this.host.ask(this);
      return;
    }
    this.held = after(this.held, update);
    this.stands = update.position || this.stands;
    this.lateness.took(update, now);
    tell(() => this.hand(update));
  }

  private paint(now: number): void {
    const kept = this.options.keep === undefined ? null : this.host.keeper.load(this.options.keep, now);
    if (!kept) return;
    this.held = kept.snapshot;
    this.saved = now;
    if (this.stands === '') {
      this.stands = kept.position;
      this.knownAt = kept.at;
    }
    tell(() => this.handlers.kept?.(kept.snapshot, kept.at));
  }

  private hand({ content }: Update): void {
    const { handlers, held } = this;
    switch (content.case) {
      case 'subscribed':
        return handlers.begins?.(content.value.resumed);
      case 'state':
      case 'change':
        return held.overview && handlers.overview?.(held.overview);
      case 'events':
        return handlers.events?.(content.value.events);
      case 'logLines':
        return handlers.logLines?.(content.value.lines, content.value.leftOut);
      case 'answer':
        return held.answer && handlers.answer?.(held.answer);
      case 'figures':
        return handlers.figures?.(content.value.figures);
      case 'stats':
        return handlers.stats?.(content.value);
      case 'health':
        return handlers.health?.(content.value);
      case 'pipeline':
        return handlers.pipeline?.(content.value);
      case 'error':
        return handlers.error?.(content.value);
    }
  }
}

function refusesPosition({ content }: Update): boolean {
  return content.case === 'error' && content.value.violations.some(({ field }) => field === 'position');
}

function sourceOf(source: Source): NonNullable<MessageInitShape<typeof SubscriptionSchema>['source']> {
  if ('room' in source) return { case: 'room', value: source.room };
  if ('events' in source) return { case: 'events', value: source.events };
  if ('logs' in source) return { case: 'logs', value: source.logs };
  if ('query' in source) return { case: 'query', value: source.query };
  return { case: 'figures', value: source.figures };
}

const USUAL_INTERVAL_MS = 5_000;

function intervalOf(source: Source): number {
  const { interval } = 'query' in source ? source.query : 'figures' in source ? source.figures : {};
  return interval ? Number(interval.seconds ?? 0) * 1000 + (interval.nanos ?? 0) / 1e6 : USUAL_INTERVAL_MS;
}
