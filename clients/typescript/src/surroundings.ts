/** What the client needs of the world around it. Tests give their own. */

/** Time and chance. */
export interface Timers {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs something once, that many milliseconds from now, unless the function returned is called before. */
  after(milliseconds: number, run: () => void): () => void;
  /** A number from 0 up to 1. */
  random(): number;
}

export const SYSTEM: Timers = {
  now: () => Date.now(),
  random: () => Math.random(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Calls somebody back. One that fails is no reason to stop: its error goes where errors of event listeners go. */
export function tell(run: () => void): void {
  try {
    run();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** As much of a browser's WebSocket as is used here; that of the package `ws` fits too. */
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(message: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** Opens a socket. */
export type SocketFactory = (url: string, protocols: string[]) => Socket;

/** The WebSocket of a browser, or of Node from 22 on. */
export function nativeSocket(): SocketFactory {
  if (typeof WebSocket === 'undefined') {
    throw new Error('There is no WebSocket here (Node has one from version 22 on): give one as the option `socket`.');
  }
  return (url, protocols) => new WebSocket(url, protocols);
}

/** The page that the client lives in. Each function gives one that stops listening. */
export interface Page {
  /** The network, or whoever looks at the page, may be back or gone. */
  onTurn(run: () => void): () => void;
  /** The page may be about to end. */
  onLeave(run: () => void): () => void;
}

/** A browser's page; where there is none, nothing ever happens to it. */
export const BROWSER_PAGE: Page = {
  onTurn(run) {
    const seen = (): void => {
      if (document.visibilityState === 'visible') run();
    };
    return listening(['online', run], ['offline', run], ['pageshow', run], ['visibilitychange', seen]);
  },
  onLeave: (run) => listening(['pagehide', run]),
};

/** Events of the document pass the window on their way, but for those of its visibility. */
function listening(...listeners: readonly (readonly [string, () => void])[]): () => void {
  if (typeof window === 'undefined') return () => {};
  const target = (name: string): EventTarget => (name === 'visibilitychange' ? document : window);
  for (const [name, run] of listeners) target(name).addEventListener(name, run);
  return () => {
    for (const [name, run] of listeners) target(name).removeEventListener(name, run);
  };
}

/** A browser's own storage; null where there is none or it is forbidden. */
export function browserStorage(): Storage | null {
  try {
    return typeof localStorage === 'undefined' ? null : localStorage;
  } catch {
    return null;
  }
}
