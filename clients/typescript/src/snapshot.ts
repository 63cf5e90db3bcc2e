/** What a subscription has brought so far, whole. */
import type { Update, LiveEvent, LiveLogLine, Figures, Health, Stats } from '../../../gen/typescript/binnacle/live/v1/live_pb.js';
import type { DashboardState } from '../../../gen/typescript/binnacle/dashboard/v1/dashboard_pb.js';
import type { GetPipelineResponse } from '../../../gen/typescript/binnacle/aggregator/v1/pipeline_service_pb.js';
import type { TimeSeriesAnswer } from '../../../gen/typescript/binnacle/query/v1/query_pb.js';
import { changed, refreshed } from './fold.js';

/** Rows that are held: the newest. */
const ROWS = 100;

export interface Snapshot {
  readonly overview?: DashboardState;
  readonly answer?: TimeSeriesAnswer;
  readonly figures?: Figures;
  readonly stats?: Stats;
  readonly health?: Health;
  readonly pipeline?: GetPipelineResponse;
  /** The newest 100, oldest first, with nothing left out between them. */
  readonly events: readonly LiveEvent[];
  /** The newest 100, oldest first. */
  readonly logLines: readonly LiveLogLine[];
}

export const EMPTY: Snapshot = { events: [], logLines: [] };

/** The snapshot after one more update. */
export function after(former: Snapshot, { content }: Update): Snapshot {
  switch (content.case) {
    case 'subscribed':
      return content.value.resumed ? former : { ...former, events: [], logLines: [] };
    case 'state':
      return { ...former, overview: content.value };
    case 'change':
      return former.overview ? { ...former, overview: changed(former.overview, content.value) } : former;
    case 'events':
      return { ...former, events: [...former.events, ...content.value.events].slice(-ROWS) };
    case 'logLines':
      return { ...former, logLines: [...former.logLines, ...content.value.lines].slice(-ROWS) };
    case 'answer':
      return { ...former, answer: refreshed(former.answer, content.value) };
    case 'figures':
    case 'stats':
    case 'health':
    case 'pipeline':
      return { ...former, [content.case]: content.value };
    default:
      return former;
  }
}
