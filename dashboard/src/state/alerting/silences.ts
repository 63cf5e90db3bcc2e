/** What holds alerts back from people. Times in milliseconds since 1970. */
import type { Matcher } from '../explore/question';
import { spanText } from './spans';

/** Certain times of the week. */
export interface Recurrence {
  /** 1 Monday to 7 Sunday; every day when empty. */
  readonly weekdays: readonly number[];
  /** `HH:MM`. */
  readonly at: string;
  readonly forMs: number;
  /** IANA name; the tenant's, or UTC, when empty. */
  readonly timeZone: string;
}

export interface SilenceDraft {
  /** Empty for a new one. */
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly comment: string;
  /** Whether it is planned work. */
  readonly maintenance: boolean;
  /** Null: now. */
  readonly from: number | null;
  /** Null: for ever, with a recurrence only. */
  readonly until: number | null;
  readonly recurrence: Recurrence | null;
}

export interface Silence extends SilenceDraft {
  readonly by: string;
  readonly phase: 'holding' | 'waiting' | 'ended';
  /** How many active alerts it holds back. */
  readonly alerts: number;
}

/** While an alert that matches the source fires, those that match the target are held back. */
export interface Inhibition {
  readonly id: string;
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  /** Labels that have to be equal. */
  readonly equal: readonly string[];
  readonly comment: string;
}

export const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const WEEK = 7;

/** `every Mon and Thu from 02:00 for 2h, Europe/Berlin`. */
export function recurrenceText({ weekdays, at, forMs, timeZone }: Recurrence): string {
  const days = weekdays.length === 0 || weekdays.length === WEEK ? 'day' : weekdays.toSorted().map((day) => WEEKDAYS[day - 1]).join(', ');
  return `every ${days} from ${at} for ${spanText(forMs)}${timeZone && `, ${timeZone}`}`;
}

/** What a condition says, with the names that silences have for what is no label. */
export function conditionText({ label, operator, value }: Matcher): string {
  const name = { __rule__: 'rule', __severity__: 'severity' }[label] ?? label;
  const words = { '=': 'is', '!=': 'is not', '=~': 'matches', '!~': 'does not match' }[operator];
  return `${name} ${words} ${value || 'empty'}`;
}

/** A silence of what these conditions say, from now on for an hour. */
export function newSilence(matchers: readonly Matcher[], now: number): SilenceDraft {
  return { id: '', matchers, comment: '', maintenance: false, from: null, until: now + 3_600_000, recurrence: null };
}

/** Conditions as a list of alerts is asked by; null where a list cannot be asked so. */
export function asListed(matchers: readonly Matcher[]): { readonly rule: string; readonly severity: string; readonly matchers: readonly Matcher[] } | null {
  const special = matchers.filter(({ label }) => label.startsWith('__'));
  if (special.some(({ operator }) => operator !== '=')) return null;
  const valueOf = (label: string): string => special.find((matcher) => matcher.label === label)?.value ?? '';
  return { rule: valueOf('__rule__'), severity: valueOf('__severity__'), matchers: matchers.filter((one) => !special.includes(one)) };
}

/** What a field of date and time holds, by the clock where the reader is. */
export function localTime(at: number): string {
  const moved = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return moved.toISOString().slice(0, 16);
}
