/** Sessions, and how the address says which. */
import type { Tone } from '../event-tone';
import type { Amount } from '../model';

export interface SessionFilter {
  /** Only those with an event in the last 30 minutes. */
  readonly active: boolean;
  readonly errors: boolean;
  /** Any where it is empty. */
  readonly feature: string;
  readonly service: string;
}

export interface Session {
  readonly id: string;
  readonly user: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly seconds: number;
  readonly active: boolean;
  readonly events: number;
  readonly pages: readonly string[];
  readonly pageViews: number;
  readonly features: readonly string[];
  readonly purchases: number;
  readonly revenue: readonly Amount[];
  readonly requests: number;
  readonly errors: number;
  readonly services: readonly string[];
  /** What is known of it, by name. */
  readonly context: readonly (readonly [name: string, value: string])[];
}

/** Figures over all sessions of a range; averages are of the sessions there were. */
export interface SessionFigures {
  readonly sessions: number;
  readonly active: number;
  readonly users: number;
  readonly medianSeconds: number;
  readonly eventsEach: number;
  readonly pagesEach: number;
  /** In percent. */
  readonly bounced: number;
  readonly withErrors: number;
  readonly withPurchase: number;
  readonly withConversion: number;
}

export interface Feature {
  readonly name: string;
  readonly uses: number;
  readonly users: number;
  readonly sessions: number;
}

export interface StoryEntry {
  readonly at: number;
  readonly kind: 'event' | 'log' | 'span';
  readonly what: string;
  readonly service: string;
  readonly detail: string;
  readonly tone: Tone;
  /** The trace it belongs to, or names; may be empty. */
  readonly traceId: string;
}

/** Of whom is asked whether they came back. */
export interface Retention {
  /** Days of a period. */
  readonly days: number;
  /** Types of events that bring somebody in, and back; any where empty. */
  readonly first: string;
  readonly back: string;
}

/** Those who came first in one period, and how many of them were there again. */
export interface Cohort {
  readonly at: number;
  readonly users: number;
  /** In that period and each one after it. */
  readonly returned: readonly number[];
}

export function readSessionFilter(params: URLSearchParams): SessionFilter {
  return {
    active: params.get('active') === 'true',
    errors: params.get('errors') === 'true',
    feature: params.get('feature') ?? '',
    service: params.get('service') ?? '',
  };
}

export function writeSessionFilter({ active, errors, feature, service }: SessionFilter, params: URLSearchParams): void {
  if (active) params.set('active', 'true');
  if (errors) params.set('errors', 'true');
  if (feature) params.set('feature', feature);
  if (service) params.set('service', service);
}

/** How a figure has changed since the range before, in percent; null where there was nothing to compare with. */
export function changeOf(now: number, before: number): number | null {
  return before > 0 ? (100 * (now - before)) / before : null;
}
