/** Alerts with all that is known of them. Times in milliseconds since 1970. */
import type { Picture } from '../explore/picture';
import type { Alert, AlertSeverity } from '../model';

export interface Acknowledgement {
  readonly person: string;
  readonly comment: string;
  readonly at: number;
  /** Null: until the alert ends. */
  readonly until: number | null;
}

export interface WholeAlert extends Alert {
  readonly ruleId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Texts of the rule but its summary. */
  readonly notes: readonly (readonly [name: string, text: string])[];
  readonly owner: string;
  readonly firedAt: number | null;
  readonly endedAt: number | null;
  /** Identity; empty where it belongs to none. */
  readonly incidentId: string;
  readonly changedAt: number;
  readonly acknowledgement: Acknowledgement | null;
  /** Who ended it by hand, and when it comes back. */
  readonly resolution: Acknowledgement | null;
  /** Identities of silences and of alerts that hold it back. */
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
}

/** One step in the life of an alert. */
export interface Step {
  readonly at: number;
  /** What it became, or what was done: `firing`, `acknowledged`, `resolved_by_hand` and so on. */
  readonly what: string;
  readonly severity: AlertSeverity;
  /** What it was judged by; null where nothing was seen. */
  readonly value: number | null;
  /** Who did it; empty where the rule did. */
  readonly person: string;
  readonly comment: string;
}

/** Why an alert is as it is, or why there is none. */
export interface Explanation {
  readonly group: string;
  readonly state: string;
  readonly text: string;
  readonly judgedAt: number | null;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly parts: readonly { readonly name: string; readonly value: number }[];
  /** Values of the last hour as they would be judged; null where there are none. */
  readonly picture: Picture | null;
}

export interface AlertStory {
  readonly alert: WholeAlert;
  /** Oldest first. */
  readonly steps: readonly Step[];
  /** Null once it has ended. */
  readonly explanation: Explanation | null;
}

/** A step of one alert, with what it belongs to. */
export interface HistoryStep extends Step {
  readonly alertId: string;
  readonly ruleId: string;
  readonly name: string;
  /** Its labels in one line; may be empty. */
  readonly group: string;
  readonly threshold: number | null;
  /** When its condition began to hold, and when it fired. */
  readonly startedAt: number | null;
  readonly firedAt: number | null;
}

const WORDS: Readonly<Record<string, string>> = {
  pending: 'pending',
  firing: 'firing',
  keep_firing: 'ending',
  resolved: 'ended',
  inactive: 'ended before it fired',
  no_data: 'no data',
  error: 'cannot be judged',
  acknowledged: 'acknowledged',
  resolved_by_hand: 'resolved by hand',
  opened: 'began',
  grew: 'grew',
  eased: 'eased',
  unacknowledged: 'nobody is on it any more',
  reopened: 'came back',
  action_started: 'its action was called',
  action_succeeded: 'its action succeeded',
  action_failed: 'its action failed',
  action_limited: 'its action was not called: too many within an hour',
  action_tried: 'its action would have been called',
};

/** A state or deed for people. */
export function wordOf(what: string): string {
  return WORDS[what] ?? what.replaceAll('_', ' ');
}
