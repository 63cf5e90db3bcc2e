import type { LiveClient } from '@binnacle/client';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Client, type Transport } from '@connectrpc/connect';
import { TimeSeriesService } from '@gen/binnacle/aggregator/v1/time_series_service_pb';
import { faultOfCall, faultOfRefusal, type Fault } from '../../transport/faults';
import { poll } from '../../transport/polling';
import { decodeAnswer, queryOf, rangedQueryOf, wantsRanges, within } from '../../transport/questions';
import { TrafficCalls } from '../../transport/traffic';
import { ends, type Range } from '../range';
import type { Picture } from './picture';
import type { Question } from './question';
import { isTraffic } from './traffic';
import { Turns } from './turns';

/** A range is asked about so many times while it goes by, each second at most and each minute at least. */
const TURNS = 300;
const INTERVAL_SECONDS = [1, 60] as const;
/** Traffic is not told on the stream. */
const TRAFFIC_EVERY_MS = 10_000;
/** All charts of the page take turns. */
const turns = new Turns();

/** What a chart of Explore shows: told on the page's stream while the range moves on, asked for once where it is fixed. */
export class Series {
  picture = $state.raw<Picture | null>(null);
  fault = $state.raw<Fault | null>(null);
  /** Whether what is shown belongs to a former question. */
  pending = $state(false);
  private readonly live: LiveClient;
  private readonly calls: Client<typeof TimeSeriesService>;
  private readonly traffic: TrafficCalls;

  constructor(live: LiveClient, wire: Transport) {
    this.live = live;
    this.calls = createClient(TimeSeriesService, wire);
    this.traffic = new TrafficCalls(wire);
  }

  /** Shows the answer, until the function returned is called. */
  show(question: Question, range: Range, pixels: number): () => void {
    this.pending = true;
    const moving = range.kind === 'last';
    if (moving && !isTraffic(question.metric)) return this.follow(question, range.seconds, pixels);
    const ask = (signal: AbortSignal): Promise<void> => this.ask(question, range, pixels, signal);
    if (moving) return poll(ask, TRAFFIC_EVERY_MS).stop;
    const ending = new AbortController();
    void ask(ending.signal);
    return () => ending.abort();
  }

  private follow(question: Question, seconds: number, pixels: number): () => void {
    const [least, most] = INTERVAL_SECONDS;
    const interval = Math.min(Math.max(seconds / TURNS, least), most);
    const times = { range: durationFromMs(1000 * seconds), interval: durationFromMs(1000 * interval) };
    let ranged = false;
    const subscription = this.live.subscribe(
      { query: { query: queryOf(question, pixels), ...times } },
      {
        answer: (answer) => {
          const picture = decodeAnswer(answer);
          if (this.pending) this.take(picture);
          else turns.wait(this, () => this.take(picture));
          if (ranged || !wantsRanges(question, picture)) return;
          ranged = true;
          subscription.change({ query: { query: rangedQueryOf(question, pixels), ...times } });
        },
        error: (error) => this.refuse(faultOfRefusal(error)),
      },
    );
    return () => {
      turns.leave(this);
      subscription.close();
    };
  }

  private async ask(question: Question, range: Range, pixels: number, signal: AbortSignal): Promise<void> {
    const [from, to] = ends(range, Date.now());
    try {
      const picture = isTraffic(question.metric)
        ? await this.traffic.picture(question, from, to, signal)
        : await this.answer(question, from, to, pixels, signal);
      if (!signal.aborted) this.take(picture);
    } catch (error) {
      if (!signal.aborted) this.refuse(faultOfCall(error));
    }
  }

  private async answer(question: Question, from: number, to: number, pixels: number, signal: AbortSignal): Promise<Picture> {
    const told = async (query: ReturnType<typeof queryOf>): Promise<Picture> => {
      const { answer } = await this.calls.queryTimeSeries({ query: within(query, from, to) }, { signal });
      // An answer is always told; the wire cannot say so.
      return decodeAnswer(answer!);
    };
    const picture = await told(queryOf(question, pixels));
    return wantsRanges(question, picture) ? told(rangedQueryOf(question, pixels)) : picture;
  }

  private take(picture: Picture): void {
    this.picture = picture;
    this.fault = null;
    this.pending = false;
  }

  private refuse(fault: Fault): void {
    turns.leave(this);
    this.fault = fault;
    this.pending = false;
  }
}
