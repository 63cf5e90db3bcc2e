/** Dashboards: listed, opened, followed, changed. All raise ConnectError. */
import { toJson } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { DashboardSchema, Origin, type Dashboard, type Variable } from '@gen/binnacle/dashboards/v1/dashboards_pb';
import type { Widget } from '@gen/binnacle/dashboards/v1/widgets_pb';
import { RuleSchema } from '@gen/binnacle/rules/v1/rules_pb';
import { DashboardBuilderService, type DashboardEntry, type DashboardVersion } from '@gen/binnacle/streamer/v1/dashboard_builder_service_pb';
import type { DraftRuleResponse } from '@gen/binnacle/streamer/v1/dashboard_help_pb';
import { CatalogService } from '@gen/binnacle/aggregator/v1/catalog_service_pb';
import { fixed, last, type Range } from '../../state/range';
import { milliseconds } from '../decode';
import { TrafficCalls } from '../traffic';

export interface DashboardRow {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly widgets: number;
  readonly origin: string;
  readonly readyMade: boolean;
  readonly edited: boolean;
  /** Null where it is as it came. */
  readonly changedAt: number | null;
  readonly changedBy: string;
}

export interface Version {
  readonly version: bigint;
  readonly at: number;
  readonly by: string;
  readonly action: string;
  readonly title: string;
  readonly widgets: number;
}

export interface Found {
  readonly widget: Widget | null;
  /** Null where no time was said. */
  readonly range: Range | null;
  readonly understood: readonly (readonly [words: string, meaning: string])[];
  readonly notUnderstood: readonly string[];
  readonly suggestions: readonly string[];
}

export interface Imported {
  readonly ids: readonly string[];
  readonly faults: readonly (readonly [field: string, description: string])[];
  readonly faultCount: number;
}

export interface Drafted {
  /** JSON of the rule, as addresses hand it on. */
  readonly rule: string;
  readonly notices: readonly string[];
}

const ORIGINS: Readonly<Partial<Record<Origin, string>>> = { [Origin.READY_MADE]: 'ready-made', [Origin.FILE]: 'file' };
const ROWS = 1_000;
const VALUES = 500;

export class DashboardShelf {
  private readonly calls;
  private readonly catalogue;
  private readonly traffic: TrafficCalls;

  constructor(wire: Transport) {
    this.calls = createClient(DashboardBuilderService, wire);
    this.catalogue = createClient(CatalogService, wire);
    this.traffic = new TrafficCalls(wire);
  }

  async list(text: string, signal: AbortSignal): Promise<readonly DashboardRow[]> {
    const { dashboards } = await this.calls.listDashboards({ text, pageSize: ROWS }, { signal });
    return dashboards.map(row);
  }

  /** As it stands, then after each change; null once it was deleted. However long it takes. */
  async *follow(id: string, signal: AbortSignal): AsyncGenerator<Dashboard | null> {
    for await (const { dashboard } of this.calls.followDashboard({ id }, { signal, timeoutMs: 0 })) yield dashboard ?? null;
  }

  async create(dashboard: Dashboard): Promise<Dashboard> {
    return (await this.calls.createDashboard({ dashboard })).dashboard!;
  }

  async update(dashboard: Dashboard): Promise<Dashboard> {
    return (await this.calls.updateDashboard({ dashboard })).dashboard!;
  }

  async remove(id: string): Promise<void> {
    await this.calls.deleteDashboard({ id });
  }

  async versions(id: string, signal: AbortSignal): Promise<readonly Version[]> {
    const { versions } = await this.calls.listDashboardVersions({ id }, { signal });
    return versions.map(version);
  }

  async at(id: string, version: bigint, signal: AbortSignal): Promise<Dashboard> {
    return (await this.calls.openDashboard({ id, version }, { signal })).dashboard!;
  }

  /** The last change is undone where no version is given. */
  async restore(id: string, presentVersion: bigint, version = 0n): Promise<Dashboard> {
    return (await this.calls.restoreDashboard({ id, version, presentVersion })).dashboard!;
  }

  async import(text: string): Promise<Imported> {
    const tried = await this.calls.importDashboards({ text, dryRun: true });
    const faults = tried.faults.map(({ field, description }) => [field, description] as const);
    if (tried.faultCount > 0) return { ids: [], faults, faultCount: tried.faultCount };
    const { dashboards } = await this.calls.importDashboards({ text });
    return { ids: dashboards.map(({ id }) => id), faults: [], faultCount: 0 };
  }

  async ask(text: string, signal: AbortSignal): Promise<Found> {
    const { widget, range, offset, understood, notUnderstood, suggestions } = await this.calls.askInWords({ text }, { signal });
    return {
      widget: widget ?? null,
      range: range ? rangeOf(Number(range.seconds), Number(offset?.seconds ?? 0), Date.now()) : null,
      understood: understood.map(({ words, meaning }) => [words, meaning] as const),
      notUnderstood,
      suggestions,
    };
  }

  async draftRule(widget: Widget): Promise<Drafted> {
    const { rule, notices } = await this.calls.draftRule({ widget }).catch((error: unknown) => this.draftWithout(widget, error));
    return { rule: JSON.stringify(toJson(RuleSchema, rule!)), notices };
  }

  /** Where nothing was measured yet, whoever makes the rule knows its threshold; the rule can be made all the same. */
  private async draftWithout(widget: Widget, error: unknown): Promise<DraftRuleResponse> {
    const { code, rawMessage } = ConnectError.from(error);
    if (code !== Code.InvalidArgument || !rawMessage.startsWith('threshold:')) throw error;
    const drafted = await this.calls.draftRule({ widget, threshold: 0 });
    return { ...drafted, notices: [...drafted.notices, 'Nothing was measured within the last 24 hours: set the threshold.'] };
  }

  /** What there is to choose from. */
  async choices({ choices }: Variable, signal: AbortSignal): Promise<readonly string[]> {
    if (choices.case === 'listed') return choices.value.values;
    if (choices.case === undefined) return [];
    const { label, metric } = choices.value;
    const matchers = metric ? [{ label: '__name__', value: metric }] : [];
    const { values } = await this.catalogue.listLabelValues({ label, matchers, pageSize: VALUES }, { signal });
    // Services that sent requests need not have sent metrics.
    const services = label === 'service' && !metric ? await this.traffic.services(signal) : [];
    return [...new Set([...values.map(({ value }) => value), ...services])].sort();
  }
}

/** A dashboard as a file that can be imported elsewhere. */
export function fileOf(dashboard: Dashboard): string {
  const { version: _v, updatedTime: _t, updatedBy: _b, formerVersion: _f, origin: _o, edited: _e, ...kept } = dashboard;
  const whole = { ...kept, version: 0n, updatedBy: '', formerVersion: 0n, origin: Origin.UNSPECIFIED, edited: false };
  return `${JSON.stringify({ dashboards: [toJson(DashboardSchema, whole, { useProtoFieldName: true })] }, null, 2)}\n`;
}

/** A stretch that ends so many seconds ago, as views show it. */
export function rangeOf(seconds: number, offset: number, now: number): Range {
  return offset > 0 ? fixed(now - (seconds + offset) * 1000, now - offset * 1000) : last(seconds);
}

function row({ id, title, description, tags, widgets, origin, edited, updatedTime, updatedBy }: DashboardEntry): DashboardRow {
  const readyMade = origin === Origin.READY_MADE;
  return { id, title, description, tags, widgets, origin: ORIGINS[origin] ?? 'page or call', readyMade, edited, changedAt: milliseconds(updatedTime), changedBy: updatedBy };
}

function version({ version: number, time, by, action, title, widgets }: DashboardVersion): Version {
  return { version: number, at: milliseconds(time) ?? 0, by, action, title, widgets };
}
