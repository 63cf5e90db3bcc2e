/** What subscriptions bring, put together: changes applied to what they are changes of. */
import { create } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import {
  DashboardStateSchema,
  type DashboardState,
  type DashboardUpdate,
  type SignalPoint,
} from '../../../gen/typescript/binnacle/dashboard/v1/dashboard_pb.js';
import type { TimeSeries, TimeSeriesAnswer } from '../../../gen/typescript/binnacle/query/v1/query_pb.js';

const HISTORY_MS = 5 * 60_000;

/** The overview a second later. */
export function changed(former: DashboardState, change: DashboardUpdate): DashboardState {
  const { snapshot, inferredServices, machines } = change;
  const history = merged(former.history, change.points);
  return create(DashboardStateSchema, { ...former, ...(snapshot && { snapshot }), history, inferredServices, machines });
}

/** Points of five minutes, oldest first; one takes the place of the one of the same time. */
function merged(former: readonly SignalPoint[], points: readonly SignalPoint[]): SignalPoint[] {
  const byTime = new Map(former.map((point) => [at(point), point]));
  for (const point of points) byTime.set(at(point), point);
  const times = [...byTime.keys()].sort((a, b) => a - b);
  const oldest = (times.at(-1) ?? 0) - HISTORY_MS;
  return times.filter((time) => time > oldest).map((time) => byTime.get(time)!);
}

function at(point: SignalPoint): number {
  return point.time ? timestampMs(point.time) : 0;
}

/**
 * The answer as it stands: one that is not full tells only the steps that are new or have changed, and where its series
 * are listed which there are now.
 */
export function refreshed(former: TimeSeriesAnswer | undefined, news: TimeSeriesAnswer): TimeSeriesAnswer {
  if (news.full || !former) return news;
  const times = [...new Set([...former.timesUnixMs, ...news.timesUnixMs])]
    .filter((time) => time >= news.startUnixMs)
    .sort((a, b) => a - b);
  // With `instant` there is one step, whose time moves on.
  const held = news.stepMs ? former.timesUnixMs : times;
  const steps: Steps = { times, former: places(held), news: places(news.timesUnixMs) };
  const results = news.results.map((result) => {
    const before = former.results.find(({ name }) => name === result.name)?.series ?? [];
    const series = result.listed ? listed(before, result.series, steps) : joined(before, result.series, steps);
    return { ...result, series, listed: false };
  });
  return { ...news, full: true, timesUnixMs: times, results };
}

/** The steps of the joined answer, and the place of each in the two it is made of. */
interface Steps {
  readonly times: readonly number[];
  readonly former: ReadonlyMap<number, number>;
  readonly news: ReadonlyMap<number, number>;
}

function places(times: readonly number[]): ReadonlyMap<number, number> {
  return new Map(times.map((time, place) => [time, place]));
}

/** Series as they are told, each by the place it had; those that had none are told whole. */
function listed(former: readonly TimeSeries[], news: readonly TimeSeries[], steps: Steps): TimeSeries[] {
  return news.map((series) => {
    if (!series.formerPlace) return series;
    const held = former[series.formerPlace - 1]!;
    const told = series.values.length ? series : undefined;
    return { ...atSteps(held, told, told ? steps : { ...steps, news: NOTHING }), labels: held.labels, formerPlace: 0 };
  });
}

const NOTHING: ReadonlyMap<number, number> = new Map();

/** Series keep the place they had, new ones come after them; one that has no value any more goes. */
function joined(former: readonly TimeSeries[], news: readonly TimeSeries[], steps: Steps): TimeSeries[] {
  const told = new Map(news.map((series) => [keyOf(series), series]));
  const kept = former.map((series) => {
    const key = keyOf(series);
    const one = atSteps(series, told.get(key), steps);
    told.delete(key);
    return one;
  });
  const fresh = [...told.values()].map((series) => atSteps(undefined, series, steps));
  return [...kept, ...fresh].filter(({ values }) => values.some((value) => !Number.isNaN(value)));
}

function atSteps(former: TimeSeries | undefined, news: TimeSeries | undefined, steps: Steps): TimeSeries {
  const column = (name: 'values' | 'minimums' | 'maximums'): number[] => {
    if (!former?.[name].length && !news?.[name].length) return [];
    return steps.times.map((time) => {
      const place = steps.news.get(time);
      if (place !== undefined) return news?.[name][place] ?? NaN;
      return former?.[name][steps.former.get(time)!] ?? NaN;
    });
  };
  const columns = { values: column('values'), minimums: column('minimums'), maximums: column('maximums') };
  return { ...(news ?? former)!, ...columns };
}

function keyOf(series: TimeSeries): string {
  return JSON.stringify(Object.entries(series.labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
