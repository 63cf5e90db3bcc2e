/** Rules: listed, tried on the past, saved. All raise ConnectError. */
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { RuleService, type TestedAlert } from '@gen/binnacle/alerting/v1/rule_service_pb';
import { Origin, RuleStatus_Health as Health, type Rule, type RuleStatus } from '@gen/binnacle/rules/v1/rules_pb';
import { TimeSeriesService } from '@gen/binnacle/aggregator/v1/time_series_service_pb';
import { RankingSchema, type Expression } from '@gen/binnacle/query/v1/query_pb';
import type { HistoryStep } from '../../state/alerting/model';
import { pictureOf, type Picture } from '../../state/explore/picture';
import type { Ends } from '../../state/range';
import { inOneLine } from '../alerts';
import { milliseconds } from '../decode';
import { step, wholeAlert } from './alerts';

export type RuleHealth = 'good' | 'no data' | 'failing' | 'finds nothing' | 'paused' | 'not judged yet';

export interface RuleRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly enabled: boolean;
  readonly origin: 'ready-made' | 'page or call' | 'file';
  readonly health: RuleHealth;
  /** What is wrong, and what to do; empty where nothing is. */
  readonly problem: string;
  readonly groups: number;
  readonly pending: number;
  readonly firing: number;
  readonly judgedAt: number | null;
}

export interface RulePage {
  /** By name. */
  readonly rows: readonly RuleRow[];
  readonly total: number;
  readonly next: string;
}

/** What a rule would have done. */
export interface Trial {
  readonly steps: readonly HistoryStep[];
  readonly alerts: number;
  readonly fired: number;
  readonly groups: number;
  readonly judgements: number;
  readonly notices: readonly string[];
  readonly from: number;
  readonly to: number;
}

const ORIGINS: Readonly<Partial<Record<Origin, RuleRow['origin']>>> = { [Origin.READY_MADE]: 'ready-made', [Origin.FILE]: 'file' };
const HEALTHS: Readonly<Record<Health, RuleHealth>> = {
  [Health.UNSPECIFIED]: 'not judged yet',
  [Health.GOOD]: 'good',
  [Health.NO_DATA]: 'no data',
  [Health.FAILING]: 'failing',
  [Health.HOPELESS]: 'finds nothing',
  [Health.PAUSED]: 'paused',
};
const ROWS = 100;
/** As many series are drawn of what a rule judges. */
const DRAWN = 8;

export class RuleShelf {
  private readonly rules;
  private readonly series;

  constructor(transport: Transport) {
    this.rules = createClient(RuleService, transport);
    this.series = createClient(TimeSeriesService, transport);
  }

  async page(text: string, next: string, signal: AbortSignal): Promise<RulePage> {
    const { rules, statuses, total, nextPageToken } = await this.rules.listRules({ text, pageToken: next, pageSize: ROWS }, { signal });
    return { rows: rules.map((rule, place) => row(rule, statuses[place])), total, next: nextPageToken };
  }

  async rule(id: string, signal: AbortSignal): Promise<{ readonly rule: Rule; readonly row: RuleRow }> {
    const { rule, status } = await this.rules.getRule({ id }, { signal });
    // A rule is always told; the wire cannot say so.
    return { rule: rule!, row: row(rule!, status) };
  }

  async trial(rule: Rule, [from, to]: Ends, signal: AbortSignal): Promise<Trial> {
    const asked = { rule, startTime: timestampFromMs(from), endTime: timestampFromMs(to) };
    const { alerts, total, fired, groups, judgements, notices } = await this.rules.testRule(asked, { signal });
    return { steps: alerts.flatMap(stepsOf), alerts: total, fired, groups, judgements, notices, from, to };
  }

  /** What a rule compares, over time: the last of some expressions. */
  async picture(expressions: readonly Expression[], [from, to]: Ends, signal: AbortSignal): Promise<Picture> {
    const ranking = create(RankingSchema, { count: DRAWN });
    const final = expressions.length - 1;
    const shown = expressions.map((one, place): Expression => (place < final ? { ...one, hidden: true } : { ...one, ranking }));
    const query = { expressions: shown, startTime: timestampFromMs(from), endTime: timestampFromMs(to), pixels: 600 };
    const { answer } = await this.series.queryTimeSeries({ query }, { signal });
    return pictureOf({
      timesMs: answer?.timesUnixMs ?? [],
      now: answer?.results.at(-1)?.series ?? [],
      earlier: [],
      stepMs: answer?.stepMs ?? 0,
      fromMs: answer?.startUnixMs ?? from,
      toMs: answer?.endUnixMs ?? to,
      notices: answer?.notices ?? [],
    });
  }

  /** Creates it, or replaces the one it was read as. */
  async save(rule: Rule, isNew: boolean): Promise<Rule> {
    const { rule: saved } = isNew ? await this.rules.createRule({ rule }) : await this.rules.updateRule({ rule });
    return saved!;
  }

  /** Switches it on or off as it stands now. */
  async enable(id: string, enabled: boolean): Promise<void> {
    const { rule } = await this.rules.getRule({ id });
    if (rule) await this.rules.updateRule({ rule: { ...rule, enabled } });
  }

  async remove(id: string): Promise<void> {
    await this.rules.deleteRule({ id });
  }
}

/** What was refused of a message, by field; empty where that is not what the error says. */
export function refusedFields(error: unknown): ReadonlyMap<string, string> {
  const { code, rawMessage } = ConnectError.from(error);
  if (code !== Code.InvalidArgument) return new Map();
  const parts = rawMessage.split('; ').map((part) => /^([\w.[\]-]+): (.*)$/s.exec(part));
  return new Map(parts.flatMap((found) => (found ? [[found[1]!, found[2]!] as const] : [])));
}

function stepsOf({ alert, steps }: TestedAlert): HistoryStep[] {
  if (!alert) return [];
  const { id, ruleId, name, labels, threshold, startedAt, firedAt } = wholeAlert(alert);
  return steps.map((each) => ({ ...step(each), alertId: id, ruleId, name, group: inOneLine(labels), threshold, startedAt, firedAt }));
}

function row({ id, name, owner, enabled, origin }: Rule, status: RuleStatus | undefined): RuleRow {
  return {
    id,
    name,
    owner,
    enabled: enabled ?? true,
    origin: ORIGINS[origin] ?? 'page or call',
    health: HEALTHS[status?.health ?? Health.UNSPECIFIED],
    problem: status?.problem ?? '',
    groups: status?.groups ?? 0,
    pending: status?.pending ?? 0,
    firing: status?.firing ?? 0,
    judgedAt: milliseconds(status?.judgedTime),
  };
}
