import type { CallerPage, Turn } from '../state/caller.svelte';

/** Every page of this browser and origin hears it. */
const CHANNEL = 'binnacle.caller';

/** The page that somebody looks at; `forget` throws away what was kept for first paints. */
export function browserPage(forget: () => void): CallerPage {
  const channel = new BroadcastChannel(CHANNEL);
  return {
    forget,
    reload: () => location.reload(),
    go: (address) => location.assign(address),
    tell: (what) => channel.postMessage(what),
    onTold: (listener) => {
      const told = ({ data }: MessageEvent<Turn>): void => listener(data);
      channel.addEventListener('message', told);
      return () => channel.removeEventListener('message', told);
    },
  };
}
