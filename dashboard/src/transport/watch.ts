import { Code, ConnectError } from '@connectrpc/connect';
import type { Frame } from '../state/model';
import type { Link } from '../state/freshness';
import type { Backoff } from './backoff';
import type { DashboardClient } from './client';
import { decodeFrame } from './decode';
import { faultOf, mayReturnAtOnce } from './faults';

/** A connection can die without a word (a laptop's lid, a lost network): after this long, ask again. */
export const SILENCE_MS = 30_000;

export interface Watching {
  readonly client: DashboardClient;
  readonly backoff: Backoff;
  /** Named in what is said about faults. */
  readonly host: string;
  readonly onFrame: (frame: Frame) => void;
  readonly onLink: (link: Link) => void;
  readonly now?: () => number;
  readonly silenceMs?: number;
}

export interface Watch {
  /** Ends a pause between attempts; without one it does nothing. */
  retryNow(): void;
  stop(): void;
}

/** Watches the dashboard until stopped: one stream at a time, and a new one whenever it ends. */
export function watchDashboard(watching: Watching): Watch {
  const whole = new AbortController();
  let wake: () => void = () => {};
  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  void keepWatching(watching, whole.signal, pause);
  return {
    retryNow: () => wake(),
    stop() {
      whole.abort();
      wake();
    },
  };
}

async function keepWatching(
  watching: Watching,
  stopped: AbortSignal,
  pause: (milliseconds: number) => Promise<void>,
): Promise<void> {
  const now = watching.now ?? Date.now;
  let attempt = 0;
  while (!stopped.aborted) {
    watching.onLink({ kind: 'connecting' });
    const end = await readOnce(watching, stopped);
    if (stopped.aborted) return;
    if (end.frames > 0) attempt = 0;
    if (end.frames > 0 && mayReturnAtOnce(end.error)) continue;
    const wait = watching.backoff.delay(attempt);
    attempt += 1;
    watching.onLink({ kind: 'waiting', retryAt: now() + wait, fault: faultOf(end.error, watching.host) });
    await pause(wait);
  }
}

/** Reads one stream to its end, which always comes with an error: this stream has no good end. */
async function readOnce(watching: Watching, stopped: AbortSignal): Promise<{ frames: number; error: unknown }> {
  const stream = new AbortController();
  const abort = (): void => stream.abort();
  stopped.addEventListener('abort', abort);
  const silence = new Silence(abort, watching.silenceMs ?? SILENCE_MS);
  let frames = 0;
  try {
    for await (const response of watching.client.watchDashboard({}, { signal: stream.signal })) {
      silence.broken();
      const frame = decodeFrame(response.frame);
      if (!frame) continue;
      if (frames === 0) watching.onLink({ kind: 'open' });
      frames += 1;
      watching.onFrame(frame);
    }
    return { frames, error: new ConnectError('the stream ended', Code.Unavailable) };
  } catch (error) {
    return { frames, error };
  } finally {
    silence.end();
    stopped.removeEventListener('abort', abort);
  }
}

/** Calls back once nothing was heard for a while. */
class Silence {
  private timer: ReturnType<typeof setTimeout>;

  constructor(
    private readonly onSilence: () => void,
    private readonly afterMs: number,
  ) {
    this.timer = setTimeout(onSilence, afterMs);
  }

  broken(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.onSilence, this.afterMs);
  }

  end(): void {
    clearTimeout(this.timer);
  }
}
