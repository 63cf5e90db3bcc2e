import type { Handlers, LiveClient, LiveLogLine } from '@binnacle/client';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createRouterTransport } from '@connectrpc/connect';
import { LogService } from '@gen/binnacle/aggregator/v1/log_service_pb';
import { LiveLogLineSchema } from '@gen/binnacle/live/v1/live_pb';
import { LogLevel } from '@gen/binnacle/logs/v1/logs_pb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogFilter } from '../../../src/state/logs/filter';
import type { LogLine } from '../../../src/state/logs/lines';
import { fixed, last } from '../../../src/state/range';
import { Tail } from '../../../src/state/tail.svelte';
import { LogBook, logSource } from '../../../src/transport/logs';

const ALL: LogFilter = { levels: [], services: [], text: '', traceId: '' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function written(at: number, message: string): { time: ReturnType<typeof timestampFromMs>; level: LogLevel; service: string; message: string } {
  return { time: timestampFromMs(at), level: LogLevel.INFO, service: 'shop', message };
}

/** A tail over a store that holds some lines, and what tells it others live. */
function tailing(stored: readonly [number, string][]): { tail: Tail<LogFilter, LogLine>; tell: (at: number, message: string) => void; subscriptions: () => number } {
  let handlers: Handlers = {};
  let open = 0;
  const live = {
    subscribe: (_source: unknown, given: Handlers) => {
      handlers = given;
      open += 1;
      return { close: () => (open -= 1) };
    },
  } as unknown as LiveClient;
  const wire = createRouterTransport(({ service }) =>
    service(LogService, {
      listLogs: () => ({ lines: stored.map(([at, message]) => ({ lineId: message, ...written(at, message) })), nextPageToken: '' }),
    }),
  );
  const tell = (at: number, message: string): void => {
    const line: LiveLogLine = create(LiveLogLineSchema, { record: written(at, message), id: message });
    handlers.logLines?.([line], 0);
  };
  return { tail: new Tail(logSource(live, new LogBook(wire))), tell, subscriptions: () => open };
}

const messages = ({ rows }: Tail<LogFilter, LogLine>): string[] => rows.map(({ message }) => message);
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(500);

describe('a tail', () => {
  it('shows what is stored and what comes, each once', async () => {
    const { tail, tell, subscriptions } = tailing([[2, 'two'], [1, 'one']]);
    const stop = tail.show(ALL, last(300));
    tell(2, 'two');
    await settled();
    tell(3, 'three');
    await settled();
    expect(messages(tail)).toEqual(['three', 'two', 'one']);
    stop();
    expect(subscriptions()).toBe(0);
  });

  it('lets wait what comes while it is paused', async () => {
    const { tail, tell } = tailing([[1, 'one']]);
    const stop = tail.show(ALL, last(300));
    await settled();
    tail.pause(true);
    tell(2, 'two');
    await settled();
    expect([messages(tail), tail.waiting.length]).toEqual([['one'], 1]);
    tail.pause(false);
    expect(messages(tail)).toEqual(['two', 'one']);
    stop();
  });

  it('passes over what the stream tells beyond the filter', async () => {
    const { tail, tell } = tailing([]);
    const stop = tail.show({ ...ALL, text: 'card -declined' }, last(300));
    await settled();
    tell(1, 'card declined');
    tell(2, 'cardboard');
    tell(3, 'card accepted');
    await settled();
    expect(messages(tail)).toEqual(['card accepted']);
    stop();
  });

  it('hears nothing live of a stretch that is over', async () => {
    const { tail, subscriptions } = tailing([[1, 'one']]);
    const stop = tail.show(ALL, fixed(0, 10_000));
    await settled();
    expect([messages(tail), subscriptions()]).toEqual([['one'], 0]);
    stop();
  });
});
