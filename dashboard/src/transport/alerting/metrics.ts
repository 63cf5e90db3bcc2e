/** What rules can be about: metrics, and the traffic of services under the names that rules have for it. */
import type { Transport } from '@connectrpc/connect';
import { isTraffic, onlyValue, TRAFFIC_LABELS } from '../../state/explore/traffic';
import type { Question } from '../../state/explore/question';
import { Catalogue, type KnownMetric } from '../catalogue';
import { TrafficCalls } from '../traffic';

const COUNTED: readonly KnownMetric[] = ['__requests__', '__errors__'].map((name) => ({
  name,
  unit: '',
  series: null,
  labels: TRAFFIC_LABELS,
  usual: 'sum',
}));

/** The same questions as of `Catalogue`. */
export class RuleMetrics {
  private readonly catalogue;
  private readonly traffic;

  constructor(wire: Transport) {
    this.catalogue = new Catalogue(wire);
    this.traffic = new TrafficCalls(wire);
  }

  async metrics(text: string, signal: AbortSignal): Promise<readonly KnownMetric[]> {
    const found = await this.catalogue.metrics(text, signal);
    const words = text.toLowerCase().split(/\s+/);
    const counted = COUNTED.filter(({ name }) => words.every((word) => name.includes(word)));
    return [...counted, ...found.filter(({ name }) => !isTraffic(name))];
  }

  async metric(name: string): Promise<KnownMetric | null> {
    return COUNTED.find((one) => one.name === name) ?? (await this.catalogue.metric(name));
  }

  async values(question: Question, label: string, signal: AbortSignal): Promise<readonly string[]> {
    if (!COUNTED.some(({ name }) => name === question.metric)) return this.catalogue.values(question, label, signal);
    return label === 'service' ? this.traffic.services(signal) : this.traffic.endpoints(onlyValue(question, 'service'), signal);
  }
}
