import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { durationMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { ClientFrameSchema, ServerFrameSchema, type End, type ServerFrame } from '../../../gen/typescript/binnacle/live/v1/live_pb.js';
import { causeOfClose, causeOfEnd, type Reason } from './reasons.js';
import type { ServerClock } from './server-clock.js';
import type { Socket, SocketFactory, Timers } from './surroundings.js';

const FORM = 'binnacle.v1.proto';
/** Something comes at least every 20 seconds; after this long without, the connection is dead. */
const SILENCE_MS = 45_000;
/** How long opening may take. */
const OPENING_MS = 10_000;
/** How long an answer may take when there is reason to doubt the connection. */
const DOUBT_MS = 5_000;
const ACKNOWLEDGE_MS = 1_000;
const PING_MS = 15_000;
/** Of the first pings, which find out the server's clock while a page is still busy with itself. */
const EARLY_PINGS = 5;
const EARLY_PING_MS = 1_000;
const OPEN = 1;
const UNREACHABLE = 1006;

type Said = NonNullable<MessageInitShape<typeof ClientFrameSchema>['frame']>;

/** How a connection ended. */
export interface Ending {
  readonly reason: Reason;
  /** Whether it was ever open. */
  readonly opened: boolean;
  /** The server's word on how long to wait before coming back, in milliseconds. */
  readonly retryAfter: number;
}

export interface Listener {
  opened(): void;
  took(frame: ServerFrame): void;
  ended(ending: Ending): void;
}

/** One connection, from its opening to its end, of which the listener is told once. */
export class Link {
  private readonly socket: Socket;
  private opened = false;
  private last: End | undefined;
  private acknowledgedAt = 0;
  private pingedAt = -Infinity;
  private ping = 0;
  private forgetSilence: () => void = () => {};

  constructor(
    url: string,
    token: string,
    open: SocketFactory,
    private readonly timers: Timers,
    private readonly clock: ServerClock,
    private readonly listener: Listener,
  ) {
    this.socket = open(url, token ? [FORM, `bearer.${token}`] : [FORM]);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => this.begin();
    this.socket.onmessage = ({ data }: { data: unknown }) => this.read(data);
    this.socket.onclose = ({ code, reason }: { code: number; reason: string }) => this.closed(code, reason);
    // Of a socket that could not be opened some tell no close (Node's of version 20).
    this.socket.onerror = () => this.opened || this.closed(UNREACHABLE, '');
    this.expectWithin(OPENING_MS);
  }

  /** Says something, if the connection is open. */
  say(frame: Said): void {
    if (this.socket.readyState !== OPEN) return;
    this.socket.send(toBinary(ClientFrameSchema, create(ClientFrameSchema, { frame })));
  }

  /** Ends the connection soon unless it answers. */
  doubt(): void {
    if (!this.opened) return;
    this.sendPing();
    this.expectWithin(DOUBT_MS);
  }

  /** Ends it; the listener hears nothing more. */
  close(): void {
    this.forgetSilence();
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = this.socket.onerror = null;
    this.socket.close();
  }

  private begin(): void {
    this.opened = true;
    this.expectWithin(SILENCE_MS);
    this.acknowledgedAt = this.timers.now();
    this.listener.opened();
    this.sendPing();
  }

  private read(data: unknown): void {
    this.expectWithin(SILENCE_MS);
    if (!(data instanceof ArrayBuffer)) return;
    const frame = fromBinary(ServerFrameSchema, new Uint8Array(data));
    if (frame.pong?.time && frame.pong.number === this.ping) {
      this.clock.heard(this.pingedAt, timestampMs(frame.pong.time), this.timers.now());
    }
    this.last = frame.end;
    this.listener.took(frame);
    this.answer(frame.sequence);
  }

  /** Both follow what comes, since browsers slow the timers of pages that nobody looks at. */
  private answer(sequence: number): void {
    const now = this.timers.now();
    if (now - this.acknowledgedAt >= ACKNOWLEDGE_MS) {
      this.acknowledgedAt = now;
      this.say({ case: 'acknowledge', value: { sequence } });
    }
    if (now - this.pingedAt >= (this.ping < EARLY_PINGS ? EARLY_PING_MS : PING_MS)) this.sendPing();
  }

  private sendPing(): void {
    this.pingedAt = this.timers.now();
    this.ping += 1;
    this.say({ case: 'ping', value: { number: this.ping } });
  }

  private expectWithin(milliseconds: number): void {
    this.forgetSilence();
    this.forgetSilence = this.timers.after(milliseconds, () => {
      this.close();
      this.listener.ended({ reason: { cause: 'silent', message: '' }, opened: this.opened, retryAfter: 0 });
    });
  }

  private closed(code: number, message: string): void {
    this.close();
    const { error, retryAfter } = this.last ?? {};
    const reason: Reason = error
      ? { cause: causeOfEnd(error.reason), message: error.message }
      : { cause: causeOfClose(code), message };
    this.listener.ended({ reason, opened: this.opened, retryAfter: retryAfter ? durationMs(retryAfter) : 0 });
  }
}
