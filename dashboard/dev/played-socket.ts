/** A socket with a made-up streamer at its other end. */
import type { Socket } from '@binnacle/client';
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { ClientFrameSchema, ServerFrameSchema, type UpdateSchema } from '@gen/binnacle/live/v1/live_pb';

const OPEN = 1;
const CLOSED = 3;

type Content = NonNullable<MessageInitShape<typeof UpdateSchema>['content']>;

/** What the streamer does once it was asked for the overview. */
export type Play = (socket: PlayedSocket) => Promise<void>;

export class PlayedSocket implements Socket {
  binaryType = '';
  readyState = 0;
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  private asked = '';

  /** Without a play it refuses. */
  constructor(private readonly play: Play | null) {
    setTimeout(() => {
      if (!play) return this.cut();
      this.readyState = OPEN;
      this.onopen?.(undefined as never);
    }, 30);
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    const { frame } = fromBinary(ClientFrameSchema, message);
    if (frame.case === 'subscribe') {
      this.asked = frame.value.id;
      void this.play?.(this);
    }
    if (frame.case === 'ping') this.frame({ pong: { number: frame.value.number, time: timestampNow() } });
  }

  close(): void {
    this.readyState = CLOSED;
  }

  tell(content: Content): void {
    this.frame({ updates: [{ subscription: this.asked, content }] });
  }

  cut(): void {
    this.readyState = CLOSED;
    this.onclose?.({ code: 1006, reason: '' } as never);
  }

  private frame(frame: MessageInitShape<typeof ServerFrameSchema>): void {
    if (this.readyState !== OPEN) return;
    const message = toBinary(ServerFrameSchema, create(ServerFrameSchema, frame));
    setTimeout(() => this.onmessage?.({ data: message.slice().buffer } as never), 15 + 20 * Math.random());
  }
}
