import { create, type JsonObject } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { EventSchema } from '@gen/binnacle/events/v1/events_pb';
import { describe, expect, it } from 'vitest';
import { EVERY_EVENT } from '../../src/state/events/filter';
import { eventRow, wireEventFilter } from '../../src/transport/events';

function event(data: JsonObject): ReturnType<typeof eventRow> {
  return eventRow(create(EventSchema, { type: 'purchase', service: 'shop', time: timestampFromMs(1_000), data }));
}

describe('an event', () => {
  it('is the same one, in whatever order its attributes come', () => {
    expect(event({ a: 1, b: { c: [1, { d: 2, e: 3 }] } }).key).toBe(event({ b: { c: [1, { e: 3, d: 2 }] }, a: 1 }).key);
    expect(event({ a: 1 }).key).not.toBe(event({ a: '1' }).key);
  });

  it('leads to the trace it names', () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    expect(event({ trace_id: traceId.toUpperCase() }).traceId).toBe(traceId);
    expect(event({ trace_id: 'none' }).traceId).toBe('');
  });
});

describe('a filter', () => {
  it('leaves requests out unless types are named', () => {
    expect(wireEventFilter(EVERY_EVENT, [0, 1]).withoutTypes).toEqual(['request']);
    expect(wireEventFilter({ ...EVERY_EVENT, types: ['request'] }, [0, 1])).toMatchObject({ types: ['request'], withoutTypes: [] });
  });
});
