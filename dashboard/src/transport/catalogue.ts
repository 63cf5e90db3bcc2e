/** What there is to ask for: metrics, labels and their values. */
import { createClient, type Transport } from '@connectrpc/connect';
import { CatalogService, SearchMode, type Metric } from '@gen/binnacle/aggregator/v1/catalog_service_pb';
import { MetricKind } from '@gen/binnacle/metrics/v1/metrics_pb';
import { about, usualFunction, type FunctionName, type Question } from '../state/explore/question';
import { isTraffic, onlyValue, TRAFFIC_FIGURES, TRAFFIC_LABELS, type TrafficFigure } from '../state/explore/traffic';
import { matchersOf } from './questions';
import { Together } from './together';
import { TrafficCalls } from './traffic';

export interface KnownMetric {
  readonly name: string;
  readonly unit: string;
  /** How many there are; null for what is counted in events. */
  readonly series: number | null;
  readonly labels: readonly string[];
  /** What tells most of it. */
  readonly usual: FunctionName;
}

/** More than fit into a list that opens. */
const SHOWN = 40;
const VALUES = 200;
/** As many names a call takes. */
const NAMES = 100;

export class Catalogue {
  private readonly client;
  private readonly traffic: TrafficCalls;
  private readonly named = new Together((names) => this.ofNames(names), NAMES);

  constructor(wire: Transport) {
    this.client = createClient(CatalogService, wire);
    this.traffic = new TrafficCalls(wire);
  }

  /** Traffic and metrics whose name is like the text, best first. */
  async metrics(text: string, signal: AbortSignal): Promise<readonly KnownMetric[]> {
    const searchMode = text === '' ? SearchMode.SUBSTRING : SearchMode.FUZZY;
    const { metrics } = await this.client.listMetrics({ search: text, searchMode, pageSize: SHOWN }, { signal });
    return [...TRAFFIC_FIGURES.filter(({ name }) => holdsAll(name, text)).map(counted), ...metrics.map(known)];
  }

  /** The metric of exactly this name; null where nobody sent it. */
  async metric(name: string): Promise<KnownMetric | null> {
    if (isTraffic(name)) return TRAFFIC_FIGURES.filter((figure) => figure.name === name).map(counted)[0] ?? null;
    return this.named.of(name);
  }

  /** Values that a label has among the series of a question, whatever it says of this label itself. */
  async values(question: Question, label: string, signal: AbortSignal): Promise<readonly string[]> {
    if (isTraffic(question.metric)) {
      return label === 'service' ? this.traffic.services(signal) : this.traffic.endpoints(onlyValue(question, 'service'), signal);
    }
    const others = matchersOf({ matchers: question.matchers.filter((matcher) => matcher.label !== label) });
    const matchers = [{ label: '__name__', value: question.metric }, ...others];
    const { values } = await this.client.listLabelValues({ label, matchers, pageSize: VALUES }, { signal });
    return values.map(({ value }) => value);
  }

  private async ofNames(names: readonly string[]): Promise<ReadonlyMap<string, KnownMetric>> {
    const { metrics } = await this.client.listMetrics({ names: [...names], pageSize: NAMES });
    return new Map(metrics.map((metric) => [metric.name, known(metric)]));
  }
}

function known({ name, units, series, labels, kinds }: Metric): KnownMetric {
  return { name, unit: unitOf(units[0] ?? ''), series, labels, usual: usualFunction(kindOf(kinds[0])) };
}

function counted({ name, unit }: TrafficFigure): KnownMetric {
  return { name, unit, series: null, labels: TRAFFIC_LABELS, usual: about(name).function };
}

/** As people write it: counts of things have none. */
function unitOf(unit: string): string {
  if (/^(1|\{.*\})$/.test(unit)) return '';
  return unit === 'By' ? 'bytes' : unit;
}

function holdsAll(name: string, text: string): boolean {
  return text.toLowerCase().split(/\s+/).every((word) => name.includes(word));
}

function kindOf(kind: MetricKind | undefined): Parameters<typeof usualFunction>[0] {
  switch (kind) {
    case MetricKind.COUNTER:
      return 'counter';
    case MetricKind.DELTA:
      return 'delta';
    case MetricKind.HISTOGRAM:
    case MetricKind.EXPONENTIAL_HISTOGRAM:
    case MetricKind.SUMMARY:
      return 'distribution';
    default:
      return 'gauge';
  }
}
