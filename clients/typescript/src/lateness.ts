/** How far behind what a subscription shows is. All times are those of the server's clock, in milliseconds since 1970. */
import { timestampMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import type { Update } from '../../../gen/typescript/binnacle/live/v1/live_pb.js';

/** Rows that were accepted longer ago than this are told late. */
const LATE_MS = 5_000;
/** So long after rows that were late, the subscription still counts as catching up. */
const CATCHING_UP_MS = 2_000;
/** After how long without news figures are old: they are told every second, every 5 seconds. */
const OLD_AFTER_MS: Readonly<Record<string, number>> = { state: 5_000, change: 5_000, stats: 20_000, pipeline: 20_000 };

export class Lateness {
  private figuresAt: number | null = null;
  private oldAfter = 0;
  private lateUntil = 0;

  /** `interval` is how often a query is asked, in milliseconds. */
  constructor(private readonly interval: number) {}

  /** Something came. */
  took({ content }: Update, now: number): void {
    switch (content.case) {
      case 'state':
      case 'change':
        return this.figures(content.case, milliseconds(content.value.snapshot?.updatedAt) ?? now);
      case 'stats':
      case 'pipeline':
        return this.figures(content.case, now);
      case 'answer':
      case 'figures':
        this.oldAfter = 15_000 + 2 * this.interval;
        this.figuresAt = now;
        return;
      case 'events':
        return this.rows(content.value.events.at(-1)?.acceptedTime, now);
      case 'logLines':
        return this.rows(content.value.lines.at(-1)?.acceptedTime, now);
    }
  }

  /** Whether what is shown is of the past. */
  isBehind(now: number): boolean {
    return now < this.lateUntil || (this.figuresAt !== null && now - this.figuresAt > this.oldAfter);
  }

  private figures(kind: string, madeAt: number): void {
    this.figuresAt = madeAt;
    this.oldAfter = OLD_AFTER_MS[kind] ?? Infinity;
  }

  private rows(accepted: Timestamp | undefined, now: number): void {
    const late = now - (milliseconds(accepted) ?? now) > LATE_MS;
    this.lateUntil = late ? now + CATCHING_UP_MS : 0;
  }
}

function milliseconds(time: Timestamp | undefined): number | null {
  return time ? timestampMs(time) : null;
}
