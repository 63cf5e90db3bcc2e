import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { DashboardService } from '@gen/binnacle/streamer/v1/dashboard_service_pb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Link } from '../../src/state/freshness';
import type { Frame } from '../../src/state/model';
import { dashboardClient } from '../../src/transport/client';
import { watchDashboard, type Watch } from '../../src/transport/watch';

type Ending = ConnectError | 'silent' | 'end';

/** A streamer whose nth stream gives one state and ends as the nth ending says. */
function watching(endings: readonly Ending[]): { frames: Frame[]; links: Link[]; watch: Watch; streams: () => number } {
  let streams = 0;
  const transport = createRouterTransport(({ service }) =>
    service(DashboardService, {
      async *watchDashboard(_request, context) {
        const ending = endings[Math.min(streams, endings.length - 1)]!;
        streams += 1;
        if (ending instanceof ConnectError && ending.code === Code.Unauthenticated) throw ending;
        yield { frame: { frame: { case: 'state', value: {} } } };
        if (ending instanceof ConnectError) throw ending;
        if (ending === 'silent') await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      },
    }),
  );
  const frames: Frame[] = [];
  const links: Link[] = [];
  running = watchDashboard({
    client: dashboardClient(transport),
    backoff: { delay: (attempt) => 1000 * (attempt + 1) },
    host: 'here',
    silenceMs: 5000,
    now: () => 0,
    onFrame: (frame) => frames.push(frame),
    onLink: (link) => links.push(link),
  });
  return { frames, links, watch: running, streams: () => streams };
}

let running: Watch | undefined;

afterEach(() => {
  running?.stop();
  vi.useRealTimers();
});

const kinds = (links: readonly Link[]): string => links.map((link) => link.kind).join(' ');

describe('watchDashboard', () => {
  it('opens with the first frame and comes back after a pause when the stream ends', async () => {
    vi.useFakeTimers();
    const { frames, links } = watching(['end', 'silent']);
    await vi.advanceTimersByTimeAsync(900);
    expect(kinds(links)).toBe('connecting open waiting');
    await vi.advanceTimersByTimeAsync(200);
    expect(kinds(links)).toBe('connecting open waiting connecting open');
    expect(frames).toHaveLength(2);
  });

  it('waits longer each time nothing came, and says why', async () => {
    vi.useFakeTimers();
    const { links, streams } = watching([new ConnectError('who', Code.Unauthenticated)]);
    await vi.advanceTimersByTimeAsync(1000 + 2000 + 100);
    expect(streams()).toBe(3);
    const waits = links.flatMap((link) => (link.kind === 'waiting' ? [link] : []));
    expect(waits.map((wait) => wait.retryAt)).toEqual([1000, 2000, 3000]);
    expect(waits[0]!.fault.title).toBe('Not signed in');
  });

  it('comes back at once when it fell behind', async () => {
    vi.useFakeTimers();
    const { links } = watching([new ConnectError('slow', Code.ResourceExhausted), 'silent']);
    await vi.advanceTimersByTimeAsync(50);
    expect(kinds(links)).toBe('connecting open connecting open');
  });

  it('gives up a stream that went silent', async () => {
    vi.useFakeTimers();
    const { links, streams } = watching(['silent']);
    await vi.advanceTimersByTimeAsync(5000 + 1000 + 100);
    expect(streams()).toBe(2);
    expect(kinds(links)).toBe('connecting open waiting connecting open');
  });

  it('tries at once when asked to', async () => {
    vi.useFakeTimers();
    const { watch, streams } = watching(['end', 'silent']);
    await vi.advanceTimersByTimeAsync(100);
    watch.retryNow();
    await vi.advanceTimersByTimeAsync(100);
    expect(streams()).toBe(2);
  });

  it('stops for good', async () => {
    vi.useFakeTimers();
    const { watch, streams, links } = watching(['silent']);
    await vi.advanceTimersByTimeAsync(100);
    watch.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(streams()).toBe(1);
    expect(kinds(links)).toBe('connecting open');
  });
});
