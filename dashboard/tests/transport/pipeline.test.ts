import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { GetPipelineResponseSchema } from '@gen/binnacle/aggregator/v1/pipeline_service_pb';
import { expect, it } from 'vitest';
import { decodePipeline } from '../../src/transport/pipeline';

it('what is not told is no zero', () => {
  const told = create(GetPipelineResponseSchema, {
    startTime: timestampFromMs(1_000),
    journals: [{ journalId: 'a', connected: true, storedRequests: 3 }],
    collectors: [{ instance: 'c', journalBytes: 0 }],
    tables: [{ table: 'events', rows: 7 }],
  });
  const { from, lag, journals, collectors, tables, merges } = decodePipeline(told);
  expect([from, lag, merges]).toEqual([1_000, null, null]);
  expect(journals[0]).toMatchObject({ stored: 3, storedAt: null, waiting: null, waitingBytes: null });
  expect(collectors[0]).toMatchObject({ journalBytes: 0, uncommitted: null, lagSeconds: null });
  expect(tables[0]).toMatchObject({ rows: 7, bytes: null, parts: null });
});
