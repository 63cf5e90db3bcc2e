import { age } from '../../design/format';

/** How long something lasted; `–` where it was but a moment. */
export function lasting(seconds: number): string {
  return seconds > 0 ? age(1000 * seconds) : '–';
}
