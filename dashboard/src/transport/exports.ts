/** Files of all that a filter finds, however many rows that are. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { ExportFormat, ExportService, type ExportDataRequestSchema } from '@gen/binnacle/aggregator/v1/export_service_pb';

export const FORMATS = ['CSV', 'JSON', 'Parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** Which data: the part of a request that says it. */
export type ExportSource = NonNullable<MessageInitShape<typeof ExportDataRequestSchema>['source']>;

export interface ExportedFile {
  readonly name: string;
  readonly content: Blob;
}

/** 0 to 1; null where nobody can say. */
export type Progress = number | null;

const WIRE: Readonly<Record<Format, ExportFormat>> = { CSV: ExportFormat.CSV, JSON: ExportFormat.JSON, Parquet: ExportFormat.PARQUET };

export class Exports {
  private readonly client;

  constructor(wire: Transport) {
    this.client = createClient(ExportService, wire);
  }

  /** The whole file; fails where it did not come to its end. However long it takes: it can be given up. */
  async file(source: ExportSource, format: Format, onprogress: (part: Progress) => void, signal: AbortSignal): Promise<ExportedFile> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let [name, type, expected, ended] = ['', '', 0, false];
    for await (const { start, data, rows, end } of this.client.exportData({ source, format: WIRE[format] }, { signal, timeoutMs: 0 })) {
      if (start) [name, type, expected] = [start.fileName, start.contentType, start.estimatedRows];
      if (data.length > 0) pieces.push(new Uint8Array(data));
      onprogress(expected > 0 ? Math.min(1, rows / expected) : null);
      ended ||= end !== undefined;
    }
    if (!ended) throw new ConnectError('the file did not come to its end', Code.DataLoss);
    return { name, content: new Blob(pieces, { type }) };
  }
}
