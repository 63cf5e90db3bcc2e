/** What the alerts view shows, and how the address says it. */
import { matcherText, readMatcher, type Matcher } from '../explore/question';
import { readRange, writeRange, type Range } from '../range';
import { addressOf } from '../route';

export const PARTS = ['alerts', 'incidents', 'history', 'silences', 'rules', 'notifiers'] as const;
export type Part = (typeof PARTS)[number];

export const PART_TITLES: Readonly<Record<Part, string>> = {
  alerts: 'Alerts',
  incidents: 'Incidents',
  history: 'History',
  silences: 'Silences',
  rules: 'Rules',
  notifiers: 'Notifiers',
};

/** States an alert is listed by; `active` are all that have not ended. */
export const STATES = ['active', 'firing', 'pending', 'resolved', 'all'] as const;
export type StateChoice = (typeof STATES)[number];

export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type SeverityChoice = (typeof SEVERITIES)[number] | '';

export interface AlertFilter {
  readonly state: StateChoice;
  /** All where it is empty; so are service, rule and incident. */
  readonly severity: SeverityChoice;
  readonly service: string;
  /** Identity of a rule. */
  readonly rule: string;
  /** Identity of an incident. */
  readonly incident: string;
  /** Conditions on labels; all hold. */
  readonly matchers: readonly Matcher[];
  /** Found in name, labels or texts. */
  readonly text: string;
  /** Whether those that are held back are left out. */
  readonly audible: boolean;
}

export const EVERYTHING: AlertFilter = { state: 'active', severity: '', service: '', rule: '', incident: '', matchers: [], text: '', audible: false };

/** New, or one that there is. */
export const NEW = 'new';

export interface AlertPlace {
  readonly part: Part;
  readonly filter: AlertFilter;
  /** Identity of what is open in the part: an alert, a silence, a rule, or `new`; empty where nothing is. */
  readonly open: string;
  /** The time that a link asks for; null where it asks for none. */
  readonly range: Range | null;
}

export function readPlace(search: string): AlertPlace {
  const params = new URLSearchParams(search);
  return {
    part: PARTS.find((part) => part === params.get('show')) ?? 'alerts',
    filter: readAlertFilter(params),
    open: params.get('open') ?? '',
    range: readRange(params, null),
  };
}

export function readAlertFilter(params: URLSearchParams): AlertFilter {
  return {
    state: STATES.find((state) => state === params.get('state')) ?? 'active',
    severity: SEVERITIES.find((severity) => severity === params.get('severity')) ?? '',
    service: params.get('service') ?? '',
    rule: params.get('rule') ?? '',
    incident: params.get('incident') ?? '',
    matchers: params.getAll('match').flatMap((text) => readMatcher(text) ?? []),
    text: params.get('text') ?? '',
    audible: params.has('audible'),
  };
}

/** The address of a part of the view; `more` stands behind what the place says. */
export function placeAddress(place: Partial<AlertPlace>, more?: URLSearchParams): string {
  const params = new URLSearchParams();
  if (place.part && place.part !== 'alerts') params.set('show', place.part);
  if (place.open) params.set('open', place.open);
  if (place.filter) writeAlertFilter(place.filter, params);
  if (place.range) writeRange(place.range, params);
  more?.forEach((value, name) => params.append(name, value));
  return addressOf('alerts', params);
}

function writeAlertFilter({ state, severity, service, rule, incident, matchers, text, audible }: AlertFilter, params: URLSearchParams): void {
  if (state !== 'active') params.set('state', state);
  if (severity) params.set('severity', severity);
  if (service) params.set('service', service);
  if (rule) params.set('rule', rule);
  if (incident) params.set('incident', incident);
  for (const matcher of matchers) params.append('match', matcherText(matcher));
  if (text) params.set('text', text);
  if (audible) params.set('audible', '');
}

/** The address of what holds back alerts like this one: all its labels, to be loosened. */
export function silenceAddress(labels: Readonly<Record<string, string>>, ruleId = ''): string {
  const more = new URLSearchParams();
  const rule = ruleId ? [['__rule__', ruleId] as const] : [];
  for (const [label, value] of [...rule, ...Object.entries(labels)]) more.append('match', `${label}=${value}`);
  return placeAddress({ part: 'silences', open: NEW }, more);
}
