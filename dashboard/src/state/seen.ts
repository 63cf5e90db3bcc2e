/** Does something only while the page is on the screen: a browser has few connections for all of its tabs. */
export function whileSeen(start: () => () => void): () => void {
  let stop: (() => void) | null = null;
  const turn = (): void => {
    stop?.();
    stop = document.hidden ? null : start();
  };
  turn();
  document.addEventListener('visibilitychange', turn);
  return () => {
    document.removeEventListener('visibilitychange', turn);
    stop?.();
  };
}
