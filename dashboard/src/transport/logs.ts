/** Log lines as the page has them. */
import type { LiveClient, LiveLogLine } from '@binnacle/client';
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { LogService, type LogLine as WireLine } from '@gen/binnacle/aggregator/v1/log_service_pb';
import { LogLevel } from '@gen/binnacle/logs/v1/logs_pb';
import type { LogFilterSchema } from '@gen/binnacle/query/v1/filters_pb';
import { LEVELS, surePart, textFinder, type Level, type LogFilter } from '../state/logs/filter';
import type { LogLine } from '../state/logs/lines';
import type { Ends } from '../state/range';
import type { Page, TailSource } from '../state/tail.svelte';
import { decodeCounts, type Counts } from './counts';
import { milliseconds } from './decode';

export interface Pattern {
  readonly template: string;
  readonly count: number;
  /** 0 to 1. */
  readonly share: number;
  readonly sample: string;
  readonly lastAt: number;
  readonly levels: readonly string[];
  readonly services: readonly string[];
}

export interface Patterns {
  readonly rows: readonly Pattern[];
  readonly total: number;
  /** Whether counts are estimates. */
  readonly estimated: boolean;
}

const WIRE_LEVELS: Readonly<Record<Level, LogLevel>> = {
  debug: LogLevel.DEBUG,
  info: LogLevel.INFO,
  warning: LogLevel.WARNING,
  error: LogLevel.ERROR,
  critical: LogLevel.CRITICAL,
};
const PATTERNS = 100;

export class LogBook {
  private readonly logs;

  constructor(wire: Transport) {
    this.logs = createClient(LogService, wire);
  }

  /** The newest lines, or those a former page led to. */
  async page(filter: LogFilter, within: Ends, older: string, size: number, signal: AbortSignal): Promise<Page<LogLine>> {
    const asked = { filter: wireLogFilter(filter, within), pageToken: older, pageSize: size };
    const { lines, nextPageToken } = await this.logs.listLogs(asked, { signal });
    return { rows: lines.map(decodeLine), older: nextPageToken };
  }

  async counts(filter: LogFilter, within: Ends, signal: AbortSignal): Promise<Counts> {
    const { histogram } = await this.logs.getLogHistogram({ filter: wireLogFilter(filter, within) }, { signal });
    return decodeCounts(histogram);
  }

  async patterns(filter: LogFilter, within: Ends, signal: AbortSignal): Promise<Patterns> {
    const asked = { filter: wireLogFilter(filter, within), limit: PATTERNS };
    const { patterns, total, fraction } = await this.logs.listLogPatterns(asked, { signal });
    const rows = patterns.map(({ template, count, share, sample, lastTime, levels, services }) => ({
      template,
      count,
      share,
      sample,
      lastAt: milliseconds(lastTime) ?? 0,
      levels: levels.map(({ level }) => levelName(level)),
      services,
    }));
    return { rows, total, estimated: fraction < 1 };
  }

  /** A line among those around it, oldest first. */
  async context(line: LogLine, around: number, signal: AbortSignal): Promise<readonly LogLine[]> {
    const lineId = line.id ?? (await this.idOf(line, signal));
    const found = await this.logs.getLogContext({ lineId, before: around, after: around }, { signal });
    return [...found.before, ...(found.line ? [found.line] : []), ...found.after].map(decodeLine);
  }

  /** What a line that was told live is named in the store. */
  private async idOf(line: LogLine, signal: AbortSignal): Promise<string> {
    const filter: LogFilter = { levels: [], services: line.service ? [line.service] : [], text: '', traceId: line.traceId };
    const { rows } = await this.page(filter, [Math.floor(line.at), Math.floor(line.at) + 1], '', 1_000, signal);
    return rows.find(({ key }) => key === line.key)?.id ?? '';
  }
}

/** Lines as a list that grows. */
export function logSource(live: LiveClient, book: LogBook): TailSource<LogFilter, LogLine> {
  return {
    page: (...asked) => book.page(...asked),
    follow: (filter, told) => {
      const found = textFinder(filter.text);
      const wanted = (line: LogLine): boolean => found(line.message) && (filter.traceId === '' || line.traceId === filter.traceId);
      const subscription = live.subscribe(
        { logs: liveSelection(filter, surePart(filter.text)) },
        {
          begins: (resumed) => (resumed ? undefined : told.missed()),
          logLines: (lines, leftOut) => told.rows(lines.map(decodeLive).filter(wanted), leftOut),
          error: (error) => told.error(error),
        },
      );
      return () => subscription.close();
    },
  };
}

export function decodeLive({ record }: LiveLogLine): LogLine {
  const { time, level = 0, service = '', message = '', traceId = '', attributes } = record ?? {};
  return lineOf(null, time, level, service, message, traceId, attributes);
}

/** What to be told of live: a superset of what is wanted, since the stream knows less of text. */
function liveSelection({ levels, services }: LogFilter, text: string): { levels: LogLevel[]; services: string[]; text: string } {
  return { levels: levels.map((level) => WIRE_LEVELS[level]), services: [...services], text };
}

export function decodeLine({ lineId, time, level, service, message, traceId, attributes }: WireLine): LogLine {
  return lineOf(lineId, time, level, service, message, traceId, attributes);
}

function lineOf(
  id: string | null,
  time: Timestamp | undefined,
  level: LogLevel,
  service: string,
  message: string,
  traceId: string,
  attributes: JsonObject | undefined,
): LogLine {
  const key = [time?.seconds, time?.nanos, level, service, message].join('\u0000');
  const written = Object.entries(attributes ?? {}).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const);
  return { key, id, at: milliseconds(time) ?? 0, level: levelName(level), service, message, traceId, attributes: written };
}

export function levelName(level: LogLevel): Level | 'unknown' {
  return LEVELS.find((name) => WIRE_LEVELS[name] === level) ?? 'unknown';
}

/** A filter as the wire has it. */
export function wireLogFilter({ levels, services, text, traceId }: LogFilter, [from, to]: Ends): MessageInitShape<typeof LogFilterSchema> {
  return {
    startTime: timestampFromMs(from),
    endTime: timestampFromMs(to),
    levels: levels.map((level) => WIRE_LEVELS[level]),
    services: [...services],
    text,
    traceId,
  };
}
