import { durationMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createRouterTransport } from '@connectrpc/connect';
import { IncidentService } from '@gen/binnacle/alerting/v1/incident_service_pb';
import { Severity } from '@gen/binnacle/alerts/v1/alerts_pb';
import { IncidentState } from '@gen/binnacle/incidents/v1/incidents_pb';
import { expect, it } from 'vitest';
import { endingOf, incidentMark, memberLanes, wrongSince } from '../../../src/state/alerting/incidents';
import { IncidentBook } from '../../../src/transport/alerting/incidents';

const NEVER = new AbortController().signal;

const TOLD = {
  id: 'i1',
  title: 'Errors: shop',
  severity: Severity.WARNING,
  worst: Severity.CRITICAL,
  state: IncidentState.ACKNOWLEDGED,
  startedAt: timestampFromMs(1_000),
  labels: { team: 'web' },
  services: ['shop'],
  size: 3,
  active: 1,
  members: [
    { alertId: 'late', name: 'Slow', severity: Severity.WARNING, service: 'cart', since: timestampFromMs(3_000), until: timestampFromMs(4_000) },
    { alertId: 'first', name: 'Errors', severity: Severity.CRITICAL, service: 'shop', since: timestampFromMs(1_000) },
  ],
  origins: [{ name: 'shop', share: 0.8, why: 'cart calls it' }],
  acknowledgement: { person: 'ada', time: timestampFromMs(2_000) },
};

it('tells an incident and what happened to it', async () => {
  const transport = createRouterTransport(({ service }) =>
    service(IncidentService, {
      getIncident: () => ({ incident: TOLD, timeline: [{ time: timestampFromMs(1_000), what: 'opened', severity: Severity.CRITICAL, count: 2 }] }),
    }),
  );
  const { incident, steps } = await new IncidentBook(transport).story('i1', NEVER);
  expect(incident).toMatchObject({ state: 'acknowledged', severity: 'warning', worst: 'critical', endedAt: null, origins: [{ name: 'shop', share: 0.8 }] });
  expect(incident.acknowledgement).toMatchObject({ person: 'ada', until: null });
  expect(steps).toMatchObject([{ what: 'opened', count: 2, severity: 'critical', value: null }]);
  expect(incidentMark(incident)).toBe('warn');
  expect(incidentMark({ ...incident, state: 'resolved' })).toBe('good');
  expect(memberLanes(incident, [0, 9_000], 9_000).map(({ key, pieces: [piece] }) => [key, piece!.from, piece!.to])).toEqual([
    ['first', 1_000, 9_000],
    ['late', 3_000, 4_000],
  ]);
  expect(memberLanes(incident, [5_000, 8_000], 9_000).map(({ key, pieces: [piece] }) => [key, piece!.from, piece!.to])).toEqual([['first', 5_000, 8_000]]);
});

it('tells who resolved an incident, and when', async () => {
  const told = async (what: string, person: string) => {
    const entry = { time: timestampFromMs(7_000), what, severity: Severity.WARNING, person, comment: person && 'rolled back' };
    const ended = { ...TOLD, state: IncidentState.RESOLVED, resolvedAt: timestampFromMs(6_000) };
    const incident = what === 'resolved' ? ended : TOLD;
    const transport = createRouterTransport(({ service }) => service(IncidentService, { getIncident: () => ({ incident, timeline: [entry] }) }));
    return endingOf(await new IncidentBook(transport).story('i1', NEVER));
  };
  expect(await told('resolved', 'ada')).toEqual({ at: 6_000, person: 'ada', comment: 'rolled back', until: null });
  expect(await told('resolved', '')).toMatchObject({ at: 6_000, person: '' });
  expect(await told('eased', 'ada')).toBeNull();
});

it('that came back goes on in the lanes of its alerts, and asks what changed before that', async () => {
  const member = { name: 'Errors', ruleId: 'errors', severity: Severity.CRITICAL, service: 'shop' };
  const times = [[1_000, 2_000], [1_500, 3_000], [5_000, undefined]] as const;
  const members = times.map(([since, until], place) => ({ ...member, alertId: `a${place}`, since: timestampFromMs(since), ...(until && { until: timestampFromMs(until) }) }));
  const timeline = [['opened', 1_000], ['resolved', 3_000], ['reopened', 5_000]] as const;
  const transport = createRouterTransport(({ service }) =>
    service(IncidentService, { getIncident: () => ({ incident: { ...TOLD, members }, timeline: timeline.map(([what, at]) => ({ what, time: timestampFromMs(at) })) }) }),
  );
  const story = await new IncidentBook(transport).story('i1', NEVER);
  expect(memberLanes(story.incident, [0, 9_000], 9_000).map(({ pieces }) => pieces.map(({ alertId }) => alertId))).toEqual([['a0', 'a2'], ['a1']]);
  expect(wrongSince(story)).toBe(5_000);
  expect(wrongSince({ ...story, steps: story.steps.slice(0, 1) })).toBe(1_000);
});

it('says what people say of it', async () => {
  const said: unknown[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(IncidentService, {
      acknowledgeIncident: ({ id, comment, ttl }) => {
        said.push([id, comment, ttl && durationMs(ttl)]);
        return {};
      },
      resolveIncident: ({ id, returnsAfter }) => {
        said.push([id, returnsAfter && durationMs(returnsAfter)]);
        return {};
      },
    }),
  );
  const book = new IncidentBook(transport);
  await book.acknowledge('i1', 'mine', null);
  await book.resolve('i1', '', 60_000);
  expect(said).toEqual([
    ['i1', 'mine', undefined],
    ['i1', 60_000],
  ]);
});
