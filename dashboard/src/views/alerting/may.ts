/** What whoever looks at the page may do, for all parts of alerting: what a role may not do is not offered. */
import { getContext, setContext } from 'svelte';
import type { Caller } from '../../state/caller.svelte';

export type Allowed = Pick<Caller, 'may'>;

const KEY = Symbol('caller');

export function tellCaller(caller: Allowed): void {
  setContext(KEY, caller);
}

export function whoLooks(): Allowed {
  return getContext<Allowed>(KEY);
}
