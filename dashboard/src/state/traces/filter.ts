/** Which traces are listed, and how the address says it: one span has to meet all of it. */
import { conditionText, readCondition, type Condition } from '../conditions';

export const ORDERS = ['newest', 'longest'] as const;
export type Order = (typeof ORDERS)[number];

export interface TraceFilter {
  readonly services: readonly string[];
  readonly operations: readonly string[];
  /** In milliseconds; null for none. */
  readonly least: number | null;
  readonly most: number | null;
  readonly failed: boolean;
  /** Whether the span has to be one that none called. */
  readonly root: boolean;
  readonly conditions: readonly Condition[];
  readonly order: Order;
}

export const EVERY_TRACE: TraceFilter = { services: [], operations: [], least: null, most: null, failed: false, root: false, conditions: [], order: 'newest' };

export function readTraceFilter(params: URLSearchParams): TraceFilter {
  return {
    services: params.getAll('service'),
    operations: params.getAll('operation'),
    least: readMilliseconds(params.get('min_ms')),
    most: readMilliseconds(params.get('max_ms')),
    failed: params.get('failed') === 'true',
    root: params.get('root') === 'true',
    conditions: params.getAll('where').flatMap((text) => readCondition(text) ?? []),
    order: ORDERS.find((order) => order === params.get('order')) ?? 'newest',
  };
}

export function writeTraceFilter({ services, operations, least, most, failed, root, conditions, order }: TraceFilter, params: URLSearchParams): void {
  for (const service of services) params.append('service', service);
  for (const operation of operations) params.append('operation', operation);
  if (least !== null) params.set('min_ms', String(least));
  if (most !== null) params.set('max_ms', String(most));
  if (failed) params.set('failed', 'true');
  if (root) params.set('root', 'true');
  for (const condition of conditions) params.append('where', conditionText(condition));
  if (order !== 'newest') params.set('order', order);
}

/** A length of time as people write it, such as `300`, `300ms` or `1.5 s`, in milliseconds; null for what is none. */
export function readMilliseconds(text: string | null): number | null {
  const found = /^\s*(\d+(?:\.\d+)?)\s*(ms|s)?\s*$/i.exec(text ?? '');
  if (!found) return null;
  return Number(found[1]) * (found[2]?.toLowerCase() === 's' ? 1_000 : 1);
}

/** The trace somebody means by a text; null where it is none. */
export function readTraceId(text: string): string | null {
  const id = text.trim().replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(id) ? id : null;
}
