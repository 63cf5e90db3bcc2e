/** Steps that people take one after the other, and how the address says them: `step=page_view data.page=/pricing`. */
import { conditionText, readCondition, type Condition } from '../conditions';

export interface Step {
  /** Type of an event; empty while none is chosen. */
  readonly type: string;
  readonly condition: Condition | null;
}

export const ACTORS = ['session', 'user'] as const;
export type Actor = (typeof ACTORS)[number];

export interface Funnel {
  readonly steps: readonly Step[];
  /** Longest time from the first step to the last, in seconds. */
  readonly windowSeconds: number;
  readonly actor: Actor;
  /** Field of the first step to tell apart by; empty for none. */
  readonly by: string;
}

export interface StepFigures {
  readonly name: string;
  readonly count: number;
  /** In percent of those of the first step, and of those of the step before. */
  readonly ofFirst: number;
  readonly ofPrevious: number;
  readonly dropped: number;
  /** Median from the step before; 0 for the first. */
  readonly seconds: number;
}

export interface FunnelGroup {
  readonly value: string;
  readonly steps: readonly StepFigures[];
}

export interface FunnelAnswer {
  readonly steps: readonly StepFigures[];
  readonly groups: readonly FunnelGroup[];
  /** In percent. */
  readonly conversion: number;
  readonly medianSeconds: number;
}

export const WINDOWS: readonly (readonly [name: string, seconds: number])[] = [
  ['10m', 600],
  ['1h', 3_600],
  ['1d', 86_400],
  ['7d', 604_800],
  ['30d', 2_592_000],
];
export const MOST_STEPS = 12;
/** Fields of an event that are no attributes. */
const OWN_FIELDS = ['type', 'service', 'user_id', 'session_id'];

export function readFunnel(params: URLSearchParams): Funnel {
  return {
    steps: params.getAll('step').map(readStep).slice(0, MOST_STEPS),
    windowSeconds: WINDOWS.find(([name]) => name === params.get('window'))?.[1] ?? 3_600,
    actor: ACTORS.find((actor) => actor === params.get('actor')) ?? 'session',
    by: params.get('by') ?? '',
  };
}

export function writeFunnel({ steps, windowSeconds, actor, by }: Funnel, params: URLSearchParams): void {
  for (const step of steps) params.append('step', stepText(step));
  const named = WINDOWS.find(([, seconds]) => seconds === windowSeconds);
  if (steps.length > 0 && named) params.set('window', named[0]);
  if (actor !== 'session') params.set('actor', actor);
  if (by) params.set('by', by);
}

export function readStep(text: string): Step {
  const found = /^(\S*)\s*(.*)$/s.exec(text.trim())!;
  return { type: found[1]!, condition: readCondition(found[2]!) };
}

export function stepText({ type, condition }: Step): string {
  return condition ? `${type} ${conditionText(condition)}` : type;
}

/** Whether it can be asked. */
export function isWhole({ steps }: Funnel): boolean {
  return steps.length >= 2 && steps.every(({ type }) => type !== '');
}

/** The name of a field as the suite knows it: what is none of the event's own is an attribute. */
export function fieldOf(name: string): string {
  return OWN_FIELDS.includes(name) || name.startsWith('data.') ? name : `data.${name}`;
}
