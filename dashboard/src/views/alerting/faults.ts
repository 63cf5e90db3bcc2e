/** What was refused of a form, by field, for whatever field stands in it. */
import { getContext, setContext } from 'svelte';

type Faults = () => ReadonlyMap<string, string>;

const KEY = Symbol('faults');

export function tellFaults(faults: Faults): void {
  setContext(KEY, faults);
}

/** `of` is what was said of a field, empty where nothing was; `within` whether anything was said of what lies in one. */
export function faultsOf(): { of: (path: string | undefined) => string; within: (path: string) => boolean } {
  const faults = getContext<Faults | undefined>(KEY);
  return {
    of: (path) => (path === undefined ? '' : (faults?.().get(path) ?? '')),
    within: (path) => [...(faults?.().keys() ?? [])].some((field) => field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`)),
  };
}
