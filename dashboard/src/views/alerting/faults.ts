/** What was refused of a form, by field, for whatever field stands in it. */
import { getContext, setContext } from 'svelte';

type Faults = () => ReadonlyMap<string, string>;

const KEY = Symbol('faults');

export function tellFaults(faults: Faults): void {
  setContext(KEY, faults);
}

/** What was said of a field, or of what lies in it; empty where nothing was. */
export function faultsOf(): (path: string | undefined) => string {
  const faults = getContext<Faults | undefined>(KEY);
  return (path) => (path === undefined ? '' : (faults?.().get(path) ?? ''));
}
