/** Silences and inhibitions. All raise ConnectError. */
import { durationFromMs, durationMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { Silence_Phase as Phase, SilenceService, type Inhibition as WireInhibition, type Silence as WireSilence } from '@gen/binnacle/alerting/v1/silence_service_pb';
import type { Inhibition, Silence, SilenceDraft } from '../../state/alerting/silences';
import { milliseconds } from '../decode';
import { matchersFrom, matchersOf } from '../questions';

const PHASES: Readonly<Partial<Record<Phase, Silence['phase']>>> = { [Phase.HOLDING]: 'holding', [Phase.WAITING]: 'waiting' };
/** A tenant has 1,000 that have not ended at most. */
const MOST = 1_000;
const ENDED = 100;

export class SilenceBook {
  private readonly client;

  constructor(transport: Transport) {
    this.client = createClient(SilenceService, transport);
  }

  /** Those that have not ended, those that hold first; or the ended ones. */
  async list(ended: boolean, signal: AbortSignal): Promise<readonly Silence[]> {
    const asked = ended ? { phase: Phase.ENDED, pageSize: ENDED } : { pageSize: MOST };
    const { silences } = await this.client.listSilences(asked, { signal });
    return silences.map(decodeSilence);
  }

  /** Creates it, or replaces the one of its identity. */
  async save(draft: SilenceDraft): Promise<void> {
    const silence = encodeSilence(draft);
    await (draft.id ? this.client.updateSilence({ silence }) : this.client.createSilence({ silence }));
  }

  async end(id: string): Promise<void> {
    await this.client.endSilence({ id });
  }

  async inhibitions(signal: AbortSignal): Promise<readonly Inhibition[]> {
    const { inhibitions } = await this.client.listInhibitions({}, { signal });
    return inhibitions.map(decodeInhibition);
  }

  async saveInhibition({ id, source, target, equal, comment }: Inhibition): Promise<void> {
    const inhibition = { id, source: matchersOf({ matchers: source }), target: matchersOf({ matchers: target }), equal: [...equal], comment };
    await this.client.setInhibition({ inhibition });
  }

  async removeInhibition(id: string): Promise<void> {
    await this.client.deleteInhibition({ id });
  }
}

function decodeSilence({ id, matchers, comment, maintenance, startTime, endTime, recurrence, createdBy, phase, alerts }: WireSilence): Silence {
  return {
    id,
    matchers: matchersFrom(matchers),
    comment,
    maintenance,
    from: milliseconds(startTime),
    until: milliseconds(endTime),
    recurrence: recurrence
      ? {
          weekdays: recurrence.weekdays,
          at: recurrence.from,
          forMs: recurrence.duration ? durationMs(recurrence.duration) : 0,
          timeZone: recurrence.timeZone,
        }
      : null,
    by: createdBy,
    phase: PHASES[phase] ?? 'ended',
    alerts,
  };
}

function encodeSilence({ id, matchers, comment, maintenance, from, until, recurrence }: SilenceDraft) {
  return {
    id,
    matchers: matchersOf({ matchers }),
    comment,
    maintenance,
    ...(from !== null && { startTime: timestampFromMs(from) }),
    ...(until !== null && { endTime: timestampFromMs(until) }),
    ...(recurrence && {
      recurrence: {
        weekdays: [...recurrence.weekdays],
        from: recurrence.at,
        duration: durationFromMs(recurrence.forMs),
        timeZone: recurrence.timeZone,
      },
    }),
  };
}

function decodeInhibition({ id, source, target, equal, comment }: WireInhibition): Inhibition {
  return { id, source: matchersFrom(source), target: matchersFrom(target), equal, comment };
}
