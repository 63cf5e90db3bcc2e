/** A clock that stands still until it is moved, and a server at the other end of each socket. */
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  ClientFrameSchema,
  ServerFrameSchema,
  type ClientFrame,
  type Subscription,
  type UpdateSchema,
} from '../../../gen/typescript/binnacle/live/v1/live_pb.js';
import type { ClientOptions } from '../src/client.js';
import { connect, type LiveClient, type LiveState, type Page, type Socket, type Timers } from '../src/index.js';

export type News = Pick<MessageInitShape<typeof UpdateSchema> & { $typeName?: never }, 'position' | 'content'>;

interface Waiting {
  readonly at: number;
  readonly run: () => void;
}

export class ManualTimers implements Timers {
  chance = 1;
  private time = 1_800_000_000_000;
  private waiting: Waiting[] = [];

  now(): number {
    return this.time;
  }

  random(): number {
    return this.chance;
  }

  after(milliseconds: number, run: () => void): () => void {
    const entry = { at: this.time + milliseconds, run };
    this.waiting.push(entry);
    return () => (this.waiting = this.waiting.filter((other) => other !== entry));
  }

  /** Moves on; whatever is due runs at its own time. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settled();
    for (let next = this.due(end); next; next = this.due(end)) {
      this.waiting = this.waiting.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
      await settled();
    }
    this.time = end;
  }

  private due(end: number): Waiting | undefined {
    return this.waiting.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
  }
}

/** Lets what was promised happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A socket, and what a server does with it. */
export class ServedSocket implements Socket {
  binaryType = '';
  readyState = 0;
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  /** What the client said. */
  readonly heard: ClientFrame[] = [];
  private sequence = 0;

  constructor(
    readonly url: string,
    readonly protocols: readonly string[],
  ) {}

  send(message: Uint8Array<ArrayBuffer>): void {
    this.heard.push(fromBinary(ClientFrameSchema, message));
  }

  close(): void {
    this.readyState = 3;
  }

  /** Opens, and shows a first sign of life. */
  accept(): this {
    this.readyState = 1;
    this.onopen?.(undefined as never);
    this.frame({});
    return this;
  }

  /** Tells the subscription opened last, or one by its id. */
  tell(news: News, id: string = this.asked.at(-1)!.id): void {
    this.frame({ updates: [{ ...news, subscription: id }] });
  }

  tellEvents(position: string, ...types: readonly string[]): void {
    const events = types.map((type) => ({ event: { type }, id: type }));
    this.tell({ position, content: { case: 'events', value: { events } } });
  }

  frame(frame: MessageInitShape<typeof ServerFrameSchema>): void {
    this.sequence += 1;
    const message = toBinary(ServerFrameSchema, create(ServerFrameSchema, { sequence: this.sequence, ...frame }));
    this.onmessage?.({ data: message.slice().buffer } as never);
  }

  /** Answers the last ping, by the server's own clock. */
  pong(time: number): void {
    const number = this.said('ping').at(-1)!.number;
    this.frame({ pong: { number, time: timestampFromMs(time) } });
  }

  cut(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code, reason: '' } as never);
  }

  /** What was asked for. */
  get asked(): readonly Subscription[] {
    return this.said('subscribe');
  }

  said<Case extends Said['case']>(kind: Case): ValueOf<Case>[] {
    return this.heard.flatMap(({ frame }) => (frame.case === kind ? [frame.value as ValueOf<Case>] : []));
  }
}

type ValueOf<Case> = Extract<Said, { case: Case }>['value'];
type Said = Extract<ClientFrame['frame'], { case: string }>;

/** A page that tests turn to and leave. */
export class DrivenPage implements Page {
  turn: () => void = () => {};
  leave: () => void = () => {};

  onTurn(run: () => void): () => void {
    this.turn = run;
    return () => (this.turn = () => {});
  }

  onLeave(run: () => void): () => void {
    this.leave = run;
    return () => (this.leave = () => {});
  }
}

export class MapStorage {
  readonly entries = new Map<string, string>();

  getItem(key: string): string | null {
    return this.entries.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.entries.set(key, value);
  }

  removeItem(key: string): void {
    this.entries.delete(key);
  }
}

/** A client in a world of its own. */
export interface World {
  readonly client: LiveClient;
  readonly timers: ManualTimers;
  readonly page: DrivenPage;
  readonly sockets: ServedSocket[];
  readonly states: LiveState[];
  /** The newest socket, once the client has opened one more. */
  next(): Promise<ServedSocket>;
}

export function world(options: ClientOptions = {}, timers = new ManualTimers()): World {
  const sockets: ServedSocket[] = [];
  const states: LiveState[] = [];
  const page = new DrivenPage();
  let seen = 0;
  const client = connect('http://binnacle.example:8080', {
    timers,
    page,
    storage: null,
    fetch: () => Promise.reject(new TypeError('nobody there')),
    socket(url, protocols) {
      const socket = new ServedSocket(url, protocols);
      sockets.push(socket);
      return socket;
    },
    ...options,
  });
  client.onState((state) => states.push(state));
  const next = async (): Promise<ServedSocket> => {
    await settled();
    for (let waited = 0; sockets.length === seen && waited < 60; waited += 1) await timers.advance(1_000);
    if (sockets.length === seen) throw new Error('the client opened no socket within a minute');
    seen = sockets.length;
    return sockets.at(-1)!;
  };
  return { client, timers, page, sockets, states, next };
}
