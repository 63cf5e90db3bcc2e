import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { ServiceCatalogService } from '@gen/binnacle/aggregator/v1/service_catalog_service_pb';
import type { Traffic } from '@gen/binnacle/reports/v1/reports_pb';
import { pictureOf, type AnsweredSeries, type Picture } from '../state/explore/picture';
import type { Question } from '../state/explore/question';
import { onlyValue } from '../state/explore/traffic';
import { milliseconds } from './decode';

const READ: Readonly<Record<string, (traffic: Traffic) => number | undefined>> = {
  'traffic:requests_per_second': ({ requestsPerSecond }) => requestsPerSecond,
  'traffic:error_rate': ({ requests, errorRate }) => (requests > 0 ? errorRate : undefined),
  'traffic:errors': ({ errors }) => errors,
  'traffic:average_latency_ms': ({ latency }) => latency?.averageMs,
  'traffic:p50_latency_ms': ({ latency }) => latency?.p50Ms,
  'traffic:p95_latency_ms': ({ latency }) => latency?.p95Ms,
  'traffic:p99_latency_ms': ({ latency }) => latency?.p99Ms,
};
const DAY_SECONDS = 86_400;
const MOST_NAMES = 200;

interface Told {
  readonly starts: readonly number[];
  readonly stepMs: number;
  readonly series: readonly AnsweredSeries[];
}

/** Requests, errors and latency over time, of all services or of one, of an endpoint, or each service apart. */
export class TrafficCalls {
  private readonly client;

  constructor(wire: Transport) {
    this.client = createClient(ServiceCatalogService, wire);
  }

  /** Ends in milliseconds since 1970. */
  async picture(question: Question, from: number, to: number, signal: AbortSignal): Promise<Picture> {
    const shift = question.earlier * 1000;
    const none: Told = { starts: [], stepMs: 0, series: [] };
    const [now, earlier] = await Promise.all([
      this.told(question, from, to, signal),
      shift > 0 ? this.told(question, from - shift, to - shift, signal) : none,
    ]);
    const places = new Map(earlier.starts.map((at, place) => [at + shift, place]));
    const shifted = earlier.series.map((series) => ({
      ...series,
      values: now.starts.map((at) => series.values[places.get(at) ?? -1] ?? NaN),
    }));
    return pictureOf({ timesMs: now.starts, now: now.series, earlier: shifted, stepMs: now.stepMs, fromMs: from, toMs: to, notices: [] });
  }

  /** Services of the last day, by name. */
  async services(signal: AbortSignal): Promise<readonly string[]> {
    const { services } = await this.client.listServices({ windowSeconds: DAY_SECONDS }, { signal });
    return services.map(({ service }) => service).sort();
  }

  /** The busiest endpoints of the last day, of a service where one is named. */
  async endpoints(service: string, signal: AbortSignal): Promise<readonly string[]> {
    const { endpoints } = await this.client.listEndpoints({ service, windowSeconds: DAY_SECONDS, pageSize: MOST_NAMES }, { signal });
    return [...new Set(endpoints.map(({ endpoint }) => endpoint))];
  }

  private async told(question: Question, from: number, to: number, signal: AbortSignal): Promise<Told> {
    const read = READ[question.metric] ?? (() => undefined);
    const byService = question.by.includes('service');
    const asked = {
      service: onlyValue(question, 'service'),
      endpoint: onlyValue(question, 'endpoint'),
      byService,
      startTime: timestampFromMs(1000 * Math.floor(from / 1000)),
      endTime: timestampFromMs(1000 * Math.ceil(to / 1000)),
    };
    const { series, stepSeconds } = await this.client.queryTraffic(asked, { signal });
    return {
      starts: series[0]?.points.map(({ startTime }) => milliseconds(startTime) ?? 0) ?? [],
      stepMs: stepSeconds * 1000,
      series: series.map(({ service, points }) => ({
        labels: byService ? { service } : { __name__: question.metric },
        values: points.map(({ traffic }) => (traffic && read(traffic)) ?? NaN),
        minimums: [],
        maximums: [],
      })),
    };
  }
}
