/** What Explore shows that rules can be about. */
import { writeExploration, type Question } from '../explore/question';
import { isTraffic } from '../explore/traffic';
import { last } from '../range';
import { NEW, placeAddress } from './place';

/** Of what is counted in events, rules know requests and errors, not latencies; a share is made of both. */
export const COUNTED: Readonly<Record<string, '__requests__' | '__errors__' | 'share'>> = {
  'traffic:requests_per_second': '__requests__',
  'traffic:errors': '__errors__',
  'traffic:error_rate': 'share',
};

const HOUR_SECONDS = 3_600;

export function isWatchable(metric: string): boolean {
  return !isTraffic(metric) || metric in COUNTED;
}

/** Where a rule about what a chart shows is written. */
export function ruleAddress(question: Question): string {
  return placeAddress({ part: 'rules', open: NEW }, writeExploration({ questions: [question], range: last(HOUR_SECONDS) }));
}
