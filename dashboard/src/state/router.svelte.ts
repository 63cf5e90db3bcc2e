import { isOurs, placeOf, type Place } from './route';

/** Where the page is, by the address bar. Links within the page move it without a new page. */
export class Router {
  place = $state.raw<Place>(placeOf(location.pathname, location.search));

  /** Starts to follow links and the browser's buttons; the function returned ends it. */
  start(): () => void {
    const followed = (event: MouseEvent): void => this.follow(event);
    const moved = (): void => this.read();
    document.addEventListener('click', followed);
    addEventListener('popstate', moved);
    return () => {
      document.removeEventListener('click', followed);
      removeEventListener('popstate', moved);
    };
  }

  /** Goes to an address of this page. */
  go(address: string): void {
    if (address === location.pathname + location.search) return;
    history.pushState(null, '', address);
    this.read();
  }

  private read(): void {
    this.place = placeOf(location.pathname, location.search);
  }

  private follow(event: MouseEvent): void {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!plain || event.defaultPrevented || !link || link.target || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || !isOurs(link.pathname) || link.getAttribute('href')!.startsWith('#')) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}
