/** Keeps what subscriptions showed last, for a first paint before anything has arrived. */
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { base64Decode, base64Encode } from '@bufbuild/protobuf/wire';
import { ServerFrameSchema, type UpdateSchema } from '../../../gen/typescript/binnacle/live/v1/live_pb.js';
import { after, EMPTY, type Snapshot } from './snapshot.js';

/** As much of a browser's Storage as is used here. */
export interface KeptStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** What was shown, up to which position, and when. */
export interface Kept {
  readonly snapshot: Snapshot;
  readonly position: string;
  /** Milliseconds since 1970, by the clock of this machine. */
  readonly at: number;
}

/** Changes with the form of what is kept; what another version kept is thrown away. */
const VERSION = 1;
const PREFIX = 'binnacle.live';
const MOST_NAMES = 20;
const MOST_CHARACTERS = 256 * 1024;
const LONGEST_MS = 24 * 60 * 60_000;

interface Index {
  readonly version: number;
  /** Newest first. */
  readonly names: readonly string[];
}

/** At most 20 snapshots of at most 256 KiB of text each, for at most a day. Never fails: storage may be full or forbidden. */
export class Keeper {
  constructor(private storage: KeptStorage | null) {}

  load(name: string, now: number): Kept | null {
    try {
      if (this.index().version !== VERSION) return null;
      const { at, frame } = JSON.parse(this.storage?.getItem(keyOf(name)) ?? 'null') as { at: number; frame: string };
      if (now - at > LONGEST_MS) return null;
      const { updates } = fromBinary(ServerFrameSchema, base64Decode(frame));
      return { at, position: updates.at(-1)?.position ?? '', snapshot: updates.reduce(after, EMPTY) };
    } catch {
      return null;
    }
  }

  save(name: string, { snapshot, position, at }: Kept): void {
    try {
      const value = JSON.stringify({ at, frame: written(snapshot, position) });
      if (value.length > MOST_CHARACTERS) return;
      const { version, names } = this.index();
      if (version !== VERSION) this.clear();
      const [kept, gone] = split([name, ...names.filter((other) => other !== name)], MOST_NAMES);
      for (const other of gone) this.storage?.removeItem(keyOf(other));
      this.storage?.setItem(PREFIX, JSON.stringify({ version: VERSION, names: kept } satisfies Index));
      this.storage?.setItem(keyOf(name), value);
    } catch {
      // Without a first paint everything still works.
    }
  }

  /** Forgets everything, and keeps nothing more. */
  forget(): void {
    this.clear();
    this.storage = null;
  }

  private clear(): void {
    try {
      for (const name of this.index().names) this.storage?.removeItem(keyOf(name));
      this.storage?.removeItem(PREFIX);
    } catch {
      // Where nothing can be kept, nothing is to be forgotten.
    }
  }

  private index(): Index {
    return JSON.parse(this.storage?.getItem(PREFIX) ?? 'null') ?? { version: VERSION, names: [] };
  }
}

function keyOf(name: string): string {
  return `${PREFIX}/${name}`;
}

function split<T>(values: readonly T[], place: number): [readonly T[], readonly T[]] {
  return [values.slice(0, place), values.slice(place)];
}

/** As a frame that brings all of it at once. */
function written({ events, logLines, overview, answer, figures, stats, health, pipeline }: Snapshot, position: string): string {
  const updates: MessageInitShape<typeof UpdateSchema>[] = [
    overview && { content: { case: 'state' as const, value: overview } },
    answer && { content: { case: 'answer' as const, value: answer } },
    figures && { content: { case: 'figures' as const, value: figures } },
    stats && { content: { case: 'stats' as const, value: stats } },
    health && { content: { case: 'health' as const, value: health } },
    pipeline && { content: { case: 'pipeline' as const, value: pipeline } },
    { content: { case: 'logLines' as const, value: { lines: [...logLines] } } },
    { content: { case: 'events' as const, value: { events: [...events] } }, position },
  ].filter((update) => update !== undefined);
  return base64Encode(toBinary(ServerFrameSchema, create(ServerFrameSchema, { updates })));
}
