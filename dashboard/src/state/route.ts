/** Views and the addresses they have: `/app/<view>`; the overview is at `/`, `/app` and `/app/` as well, a dashboard at `/app/dashboards/<id>`. */

export const VIEWS = ['overview', 'dashboards', 'alerts', 'explore', 'events', 'logs', 'traces', 'sessions', 'integrations', 'pipeline', 'admin'] as const;
export type View = (typeof VIEWS)[number];

/** Where the page is: a view, or none at an address that is nothing's, and what the address says after its `?`. */
export interface Place {
  readonly view: View | null;
  readonly search: string;
  /** What of the view is open; empty where nothing is. */
  readonly open: string;
}

export const TITLES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  dashboards: 'Dashboards',
  alerts: 'Alerts',
  explore: 'Explore',
  events: 'Events',
  logs: 'Logs',
  traces: 'Traces',
  sessions: 'Sessions',
  integrations: 'Integrations',
  pipeline: 'Pipeline',
  admin: 'Admin',
};

/** The key that leads there after `g`, each its own. */
export const KEYS: Readonly<Record<View, string>> = {
  overview: 'o',
  dashboards: 'b',
  alerts: 'a',
  explore: 'e',
  events: 'v',
  logs: 'l',
  traces: 't',
  sessions: 's',
  integrations: 'i',
  pipeline: 'p',
  admin: 'd',
};

export function placeOf(path: string, search: string): Place {
  const [, name, open = ''] = /^\/app\/([^/]+)\/?(?:(?<=\/)([^/]+)\/?)?$/.exec(path) ?? [];
  if (name === undefined) return { view: /^\/(app\/?)?$/.test(path) ? 'overview' : null, search, open };
  const view = VIEWS.find((each) => each === name) ?? null;
  return { view: open && view !== 'dashboards' ? null : view, search, open };
}

export function addressOf(view: View, params?: URLSearchParams, open = ''): string {
  const search = params?.toString() ?? '';
  return `/app/${view}${open && `/${encodeURIComponent(open)}`}${search && `?${search}`}`;
}

/** Whether an address is one of the page's own, so that going there needs no new page. */
export function isOurs(path: string): boolean {
  return path === '/' || /^\/app(\/|$)/.test(path);
}
