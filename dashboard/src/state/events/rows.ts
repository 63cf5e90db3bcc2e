import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { Row } from '../rows';

export interface EventRow extends Row {
  readonly type: string;
  readonly service: string;
  readonly user: string;
  readonly session: string;
  readonly data: JsonObject;
  /** Its attributes in one line. */
  readonly detail: string;
  /** The trace it names; empty where it names none. */
  readonly traceId: string;
}

/** The same text for the same attributes, whatever their order. */
export function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name]!)}`).join(',')}}`;
}
