import { createRouterTransport } from '@connectrpc/connect';
import { ExportService } from '@gen/binnacle/aggregator/v1/export_service_pb';
import { describe, expect, it } from 'vitest';
import { Exports, type Progress } from '../../src/transport/exports';

const BYTES = new TextEncoder();

/** A suite that gives a file in pieces, and breaks off after so many messages. */
function giving(messages: number): Exports {
  const all = [
    { start: { fileName: 'events.csv', contentType: 'text/csv', estimatedRows: 4 } },
    { data: BYTES.encode('a\n1\n'), rows: 1 },
    { data: BYTES.encode('2\n3\n'), rows: 3 },
    { rows: 3, end: { rows: 3 } },
  ];
  return new Exports(createRouterTransport(({ service }) => service(ExportService, { exportData: () => of(all.slice(0, messages)) })));
}
async function* of<Message>(messages: readonly Message[]): AsyncGenerator<Message> {
  yield* messages;
}
const { signal } = new AbortController();

describe('a file', () => {
  it('is put together of its pieces', async () => {
    const progress: Progress[] = [];
    const { name, content } = await giving(4).file({ case: 'events', value: {} }, 'CSV', (part) => progress.push(part), signal);
    expect([name, content.type, await content.text()]).toEqual(['events.csv', 'text/csv', 'a\n1\n2\n3\n']);
    expect(progress).toEqual([0, 0.25, 0.75, 0.75]);
  });

  it('without its end is none', async () => {
    await expect(giving(3).file({ case: 'events', value: {} }, 'CSV', () => undefined, signal)).rejects.toThrow('did not come to its end');
  });
});
