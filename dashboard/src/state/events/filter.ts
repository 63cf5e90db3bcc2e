/** Which events are shown, and how the address says it. */
import { conditionText, readCondition, type Condition } from '../conditions';

export interface EventFilter {
  /** All but `request`, of which there are too many to read, where there is none. */
  readonly types: readonly string[];
  readonly services: readonly string[];
  readonly users: readonly string[];
  readonly sessions: readonly string[];
  /** Words that all occur in the attributes; `"some words"` as they stand, `-word` does not occur. */
  readonly text: string;
  readonly conditions: readonly Condition[];
}

/** What the figures show, and no list can. */
export const UNLISTED = 'request';

export const EVERY_EVENT: EventFilter = { types: [], services: [], users: [], sessions: [], text: '', conditions: [] };

const LISTS = { type: 'types', service: 'services', user: 'users', session: 'sessions' } as const;

export function readEventFilter(params: URLSearchParams): EventFilter {
  const lists = Object.entries(LISTS).map(([word, field]) => [field, params.getAll(word)]);
  return {
    ...(Object.fromEntries(lists) as Pick<EventFilter, (typeof LISTS)[keyof typeof LISTS]>),
    text: params.get('text') ?? '',
    conditions: params.getAll('where').flatMap((text) => readCondition(text) ?? []),
  };
}

export function writeEventFilter(filter: EventFilter, params: URLSearchParams): void {
  for (const [word, field] of Object.entries(LISTS)) for (const value of filter[field]) params.append(word, value);
  if (filter.text) params.set('text', filter.text);
  for (const condition of filter.conditions) params.append('where', conditionText(condition));
}

/** Whether events of a type are among those shown, as far as the type says. */
export function showsType({ types }: EventFilter, type: string): boolean {
  return types.length > 0 ? types.includes(type) : type !== UNLISTED;
}
