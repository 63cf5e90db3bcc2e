import type { Acknowledgement, AlertStory, HistoryStep, WholeAlert } from './model';

/** To both sides of an alert, at least. */
const BEFORE_MS = 60_000;

/** The time that tells the story of an alert or incident: from some time before it began until it ended, or now. */
export function storyTime({ startedAt, endedAt }: { readonly startedAt: number; readonly endedAt: number | null }, now: number): readonly [from: number, to: number] {
  const end = endedAt ?? Math.max(now, startedAt);
  const reach = Math.max(BEFORE_MS, (end - startedAt) / 5);
  return [startedAt - reach, endedAt === null ? end : end + reach];
}

/** When an alert ended, and by whom: by nobody where it ended by itself. Null while it goes on. */
export function endOf({ endedAt, resolution }: WholeAlert): Acknowledgement | null {
  return resolution ?? (endedAt === null ? null : { at: endedAt, person: '', comment: '', until: null });
}

/** Its steps as those of a history. */
export function storySteps({ alert, steps }: AlertStory): readonly HistoryStep[] {
  const { id: alertId, ruleId, name, group, threshold, startedAt, firedAt } = alert;
  return steps.map((step) => ({ ...step, alertId, ruleId, name, group, threshold, startedAt, firedAt }));
}
