/** Which dashboard is shown, and of what time; how the address says it. */
import type { Dashboard } from '@gen/binnacle/dashboards/v1/dashboards_pb';
import { isSame, last, readRange, writeRange, type Range } from '../range';
import { addressOf } from '../route';
import { readChosen, writeChosen, type Chosen } from './variables';

const HOUR_SECONDS = 3_600;
const REFRESH_MS = 5_000;

export interface Shown {
  readonly range: Range;
  readonly chosen: Chosen;
}

export function usualRange({ range }: Dashboard): Range {
  return last(Number(range?.seconds ?? HOUR_SECONDS));
}

export function refreshOf({ refresh }: Dashboard): number {
  return refresh ? Number(refresh.seconds) * 1000 + refresh.nanos / 1e6 : REFRESH_MS;
}

export function readShown(dashboard: Dashboard, search: string): Shown {
  const params = new URLSearchParams(search);
  return { range: readRange(params, usualRange(dashboard)), chosen: readChosen(dashboard.variables, params) };
}

export function shownAddress(dashboard: Dashboard, { range, chosen }: Shown): string {
  const params = new URLSearchParams();
  if (!isSame(range, usualRange(dashboard))) writeRange(range, params);
  writeChosen(dashboard.variables, chosen, params);
  return dashboardAddress(dashboard.id, params);
}

export function dashboardAddress(id: string, params?: URLSearchParams): string {
  return addressOf('dashboards', params, id);
}
