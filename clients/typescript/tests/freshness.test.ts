import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, it } from 'vitest';
import { ServerClock } from '../src/server-clock.js';
import { world } from './simulation.js';

it('knows the server clock by the quickest of the last pongs', () => {
  const clock = new ServerClock();
  expect([clock.ahead, clock.roundTrip]).toEqual([0, null]);
  clock.heard(1_000, 61_400, 1_600);
  expect(clock.ahead).toBe(60_100);
  clock.heard(2_000, 62_005, 2_010);
  expect([clock.ahead, clock.roundTrip]).toEqual([60_000, 10]);
  for (let turn = 0; turn < 8; turn += 1) clock.heard(3_000, 63_050, 3_100);
  expect([clock.ahead, clock.roundTrip]).toEqual([60_000, 100]);
});

const HOUR = 3_600_000;

it('tells that figures are old, by the server clock', async () => {
  const { client, next, timers, states } = world();
  client.subscribe({ room: 'dashboard' }, {});
  const socket = (await next()).accept();
  // Ours is an hour slow.
  socket.pong(timers.now() + HOUR);
  const state = () => ({ snapshot: { updatedAt: timestampFromMs(timers.now() + HOUR) } });
  socket.tell({ content: { case: 'state', value: state() } });
  await timers.advance(4_000);
  expect(client.state.kind).toBe('live');
  await timers.advance(2_000);
  expect(client.state.kind).toBe('behind');
  socket.tell({ content: { case: 'state', value: state() } });
  expect(client.state.kind).toBe('live');
  expect(states.map(({ kind }) => kind)).toEqual(['live', 'behind', 'live']);
  client.close();
});

it('tells that it is catching up with rows, and that it has', async () => {
  const { client, next, timers } = world();
  client.subscribe({ room: 'alerts' }, {});
  const socket = (await next()).accept();
  const accepted = (ago: number) => [{ acceptedTime: timestampFromMs(timers.now() - ago) }];
  socket.tell({ content: { case: 'events', value: { events: accepted(HOUR) } } });
  expect(client.state.kind).toBe('behind');
  socket.tell({ content: { case: 'events', value: { events: accepted(20) } } });
  expect(client.state.kind).toBe('live');
  socket.tell({ content: { case: 'events', value: { events: accepted(HOUR) } } });
  await timers.advance(3_000);
  expect(client.state.kind).toBe('live');
  client.close();
});
