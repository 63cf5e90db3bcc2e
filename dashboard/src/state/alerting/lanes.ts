/** States of alerts over time: a lane for each rule and group, pieces of it coloured by state. */
import type { AlertSeverity } from '../model';
import type { Ends } from '../range';
import type { HistoryStep } from './model';

export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly state: string;
  readonly severity: AlertSeverity;
  readonly alertId: string;
}

/** Something that a person did, or an action of the rule. */
export interface Deed {
  readonly at: number;
  readonly what: string;
  readonly person: string;
}

export interface Lane {
  readonly key: string;
  readonly ruleId: string;
  readonly name: string;
  readonly group: string;
  readonly pieces: readonly Piece[];
  readonly deeds: readonly Deed[];
}

const ENDED: readonly string[] = ['resolved', 'inactive', 'resolved_by_hand'];
const STATES: readonly string[] = ['pending', 'firing', 'keep_firing', 'no_data', 'error', ...ENDED];

/** Lanes of steps within a range, those that changed last first. Steps in any order. */
export function lanesOf(steps: readonly HistoryStep[], from: number, to: number): readonly Lane[] {
  const byLane = groupBy(steps.toSorted((a, b) => a.at - b.at), ({ ruleId, group }) => JSON.stringify([ruleId, group]));
  const lanes = [...byLane].map(([key, own]) => {
    const { ruleId, name, group } = own.at(-1)!;
    const alerts = [...groupBy(own, ({ alertId }) => alertId).values()];
    return {
      key,
      ruleId,
      name,
      group,
      pieces: alerts.flatMap((alert) => piecesOf(alert, from, to)),
      deeds: own.filter(({ what }) => !STATES.includes(what) || what === 'resolved_by_hand').map(({ at, what, person }) => ({ at, what, person })),
      last: own.at(-1)!.at,
    };
  });
  return lanes.toSorted((a, b) => b.last - a.last);
}

/** Share of a range, 0 to 1. */
export function shareOf(at: number, from: number, to: number): number {
  return Math.min(Math.max((at - from) / (to - from), 0), 1);
}

/** Round times within a range, some five of them, for an axis. */
export function ticksOf(from: number, to: number): readonly number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 180, 360, 720, 1_440, 2_880, 10_080].map((minutes) => minutes * 60_000);
  const step = steps.find((each) => (to - from) / each <= 6) ?? steps.at(-1)!;
  const offset = new Date(from).getTimezoneOffset() * 60_000;
  const ticks: number[] = [];
  for (let at = Math.ceil((from - offset) / step) * step + offset; at < to; at += step) ticks.push(at);
  return ticks;
}

/** Those ticks whose labels have room, in pixels, behind them: no label reaches into the next, or out of the axis. */
export function labelledTicks(ticks: readonly number[], [from, to]: Ends, width: number, room: number): readonly number[] {
  const at = (tick: number): number => shareOf(tick, from, to) * width;
  const [first = from, second = to] = ticks;
  const every = Math.max(1, Math.ceil(room / (at(second) - at(first))));
  return ticks.filter((tick, place) => place % every === 0 && at(tick) + room <= width);
}

/** Pieces of one alert, from what it was before its first step that is known to what it is at the end. */
function piecesOf(steps: readonly HistoryStep[], from: number, to: number): Piece[] {
  const first = steps[0]!;
  const states = steps.filter(({ what }) => STATES.includes(what));
  const before: HistoryStep[] = [];
  if (first.startedAt !== null && first.startedAt < first.at) before.push({ ...first, at: first.startedAt, what: 'pending' });
  if (first.firedAt !== null && first.firedAt < first.at) before.push({ ...first, at: first.firedAt, what: 'firing' });
  const all = [...before, ...states];
  return all.flatMap((step, place) => {
    const end = all[place + 1]?.at ?? to;
    if (ENDED.includes(step.what) || end <= from || step.at >= to) return [];
    const { what: state, severity, alertId } = step;
    return [{ from: Math.max(step.at, from), to: Math.min(end, to), state, severity, alertId }];
  });
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
