import type { Row } from '../rows';
import type { Level } from './filter';

/** A log line; its `id` asks for its surroundings. */
export interface LogLine extends Row {
  readonly level: Level | 'unknown';
  readonly service: string;
  readonly message: string;
  readonly traceId: string;
  /** Attributes by name, values as text. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
}
