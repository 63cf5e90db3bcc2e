import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ErrorSchema } from '../../../gen/typescript/binnacle/live/v1/live_pb.js';
import type { Handlers, LiveEvent, LiveState, Source } from '../src/index.js';
import { settled, world, type World } from './simulation.js';

const PURCHASES: Source = { events: { types: ['purchase'] } };
const subscribed = (resumed: boolean) => ({ content: { case: 'subscribed' as const, value: { resumed } } });
const failure = (reason: string, field = '') => {
  const violations = field ? [{ field, description: 'other' }] : [];
  return { content: { case: 'error' as const, value: create(ErrorSchema, { reason, message: reason, violations }) } };
};

let open: World | undefined;

function opened(...given: Parameters<typeof world>): World {
  return (open = world(...given));
}

afterEach(() => open?.client.close());

/** Notes what handlers are told. */
function noted(): { told: string[]; handlers: Handlers } {
  const told: string[] = [];
  const handlers: Handlers = {
    begins: (resumed) => told.push(resumed ? 'resumed' : 'anew'),
    events: (events: readonly LiveEvent[]) => told.push(...events.map(({ id }) => id)),
    error: ({ reason }) => told.push(reason),
  };
  return { told, handlers };
}

const kinds = (states: readonly LiveState[]): string => states.map(({ kind }) => kind).join(' ');

describe('a connection', () => {
  it('asks for what is wanted once it is open, in protobuf, at the socket of the edge', async () => {
    const { client, next } = opened();
    client.subscribe(PURCHASES, {});
    const socket = (await next()).accept();
    expect([socket.url, socket.protocols]).toEqual(['ws://binnacle.example:8080/ws/v1/live', ['binnacle.v1.proto']]);
    expect(socket.asked.map(({ source }) => source.case)).toEqual(['events']);
  });

  it('tells figures by name as they stand', async () => {
    const { client, next } = opened();
    const told: string[] = [];
    const held = client.subscribe({ figures: { names: ['requests'] } }, { figures: (all) => told.push(...all.map(({ metric }) => metric)) });
    const socket = (await next()).accept();
    expect(socket.asked.map(({ source }) => source.case)).toEqual(['figures']);
    socket.tell({ content: { case: 'figures', value: { figures: [{ metric: 'requests' }] } } });
    expect([told, held.snapshot.figures?.figures.length]).toEqual([['requests'], 1]);
  });

  it('goes on where it was after a cut, and tells nothing twice', async () => {
    const { client, next } = opened();
    const { told, handlers } = noted();
    client.subscribe(PURCHASES, handlers);
    const first = (await next()).accept();
    first.tell(subscribed(false));
    first.tellEvents('p1', 'a', 'b');
    first.cut();
    first.tellEvents('p2', 'c');
    const second = (await next()).accept();
    expect(second.asked.map(({ position }) => position)).toEqual(['p1']);
    second.tell(subscribed(true));
    second.tellEvents('p2', 'c');
    expect(told).toEqual(['anew', 'a', 'b', 'resumed', 'c']);
  });

  it('tells that it begins anew where the past cannot be told', async () => {
    const { client, next } = opened();
    const { told, handlers } = noted();
    const subscription = client.subscribe(PURCHASES, handlers);
    const first = (await next()).accept();
    first.tellEvents('p1', 'a');
    first.cut();
    (await next()).accept().tell(subscribed(false));
    expect(told).toEqual(['a', 'anew']);
    expect(subscription.snapshot.events).toEqual([]);
  });

  it('waits any time up to a bound that doubles while it is refused', async () => {
    const { next, timers, states } = opened();
    timers.chance = 0.5;
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      (await next()).cut();
      const state = states.findLast(({ kind }) => kind === 'offline');
      waits.push(state?.kind === 'offline' ? state.retryAt! - timers.now() : NaN);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('waits as long as the server says, and some more', async () => {
    const { next, timers, client } = opened();
    timers.chance = 0.25;
    const socket = (await next()).accept();
    const error = { reason: 'OVERLOADED', message: 'too slow' };
    socket.frame({ end: { error, resume: true, retryAfter: durationFromMs(3_000) } });
    socket.cut(1013);
    expect(client.state).toMatchObject({ kind: 'offline', reason: { cause: 'too_slow', message: 'too slow' } });
    expect(client.state.kind === 'offline' && client.state.retryAt! - timers.now()).toBe(3_250);
  });

  it('gives up one on which nothing comes, but none that shows signs of life', async () => {
    const { next, timers, client, sockets } = opened();
    const socket = (await next()).accept();
    for (let turn = 0; turn < 5; turn += 1) {
      await timers.advance(20_000);
      socket.frame({});
    }
    expect([client.state.kind, sockets.length]).toEqual(['live', 1]);
    await timers.advance(45_000);
    expect(client.state).toMatchObject({ kind: 'offline', reason: { cause: 'silent' } });
    await next();
  });

  it('that does not open, or only fails, is given up too', async () => {
    const { next, timers, client, sockets } = opened();
    await next();
    await timers.advance(11_000);
    expect([client.state.kind, sockets[0]!.readyState]).toEqual(['offline', 3]);
    const second = await next();
    second.onerror?.(undefined as never);
    expect(second.readyState).toBe(3);
    await next();
  });

  it('is doubted when the network or the reader turns, and answers or ends soon', async () => {
    const { next, timers, client, page } = opened();
    const socket = (await next()).accept();
    page.turn();
    socket.pong(timers.now());
    await timers.advance(6_000);
    expect(client.state.kind).toBe('live');
    page.turn();
    await timers.advance(6_000);
    expect(client.state.kind).toBe('offline');
  });

  it('is tried again at once when the network or the reader is back', async () => {
    const { next, sockets, page } = opened();
    (await next()).cut();
    page.turn();
    await settled();
    expect(sockets).toHaveLength(2);
  });

  it('acknowledges about once a second what was read, and only while something comes', async () => {
    const { next, timers } = opened();
    const socket = (await next()).accept();
    for (let frame = 0; frame < 50; frame += 1) {
      await timers.advance(100);
      socket.frame({});
    }
    await timers.advance(10_000);
    expect(socket.said('acknowledge').map(({ sequence }) => sequence)).toEqual([11, 21, 31, 41, 51]);
  });

  it('ends for good when it is closed', async () => {
    const { next, timers, client, sockets, states } = opened();
    const { told, handlers } = noted();
    client.subscribe(PURCHASES, handlers);
    const socket = (await next()).accept();
    client.close();
    socket.tellEvents('p1', 'a');
    await timers.advance(120_000);
    expect([socket.readyState, sockets.length, told]).toEqual([3, 1, []]);
    expect(kinds(states)).toBe('live closed');
  });

  it('may be closed by who is told that it is offline', async () => {
    const { next, timers, client, sockets } = opened();
    client.onState(({ kind }) => kind === 'offline' && client.close());
    (await next()).accept().cut();
    await timers.advance(120_000);
    expect([client.state.kind, sockets.length]).toEqual(['closed', 1]);
  });
});

describe('a token', () => {
  it('is asked for before each connection, and at once when it has expired', async () => {
    let asked = 0;
    const { client, next, timers, sockets } = opened({ token: async () => `t${(asked += 1)}` });
    const { told, handlers } = noted();
    client.subscribe(PURCHASES, handlers);
    const first = (await next()).accept();
    expect(first.protocols).toEqual(['binnacle.v1.proto', 'bearer.t1']);
    first.tellEvents('p1', 'a');
    await timers.advance(20_000);
    first.frame({ end: { error: { reason: 'UNAUTHENTICATED', message: 'expired' } } });
    first.cut(4401);
    await timers.advance(0);
    expect(sockets).toHaveLength(2);
    const second = (await next()).accept();
    expect(second.protocols).toEqual(['binnacle.v1.proto', 'bearer.t2']);
    second.tellEvents('p2', 'b');
    expect(told).toEqual(['a', 'b']);
  });

  it('that is refused once connected was never a live connection', async () => {
    const { next, states } = opened({ token: 't' });
    const socket = await next();
    socket.readyState = 1;
    socket.onopen?.(undefined as never);
    socket.frame({ end: { error: { reason: 'UNAUTHENTICATED', message: 'who?' } } });
    socket.cut(4401);
    expect(states).toMatchObject([{ kind: 'offline', reason: { cause: 'unauthenticated', message: 'who?' } }]);
  });

  it('that cannot be had is asked for again after a wait', async () => {
    let asked = 0;
    const token = () => ((asked += 1) === 1 ? Promise.reject(new Error('signed out')) : 't');
    const { client, next } = opened({ token });
    await settled();
    expect(client.state).toMatchObject({ kind: 'offline', reason: { cause: 'unauthenticated' } });
    expect((await next()).protocols).toEqual(['binnacle.v1.proto', 'bearer.t']);
  });
});

describe('the state', () => {
  it('tells since when and why it is offline, whatever the attempts meanwhile', async () => {
    const { next, timers, client, states } = opened();
    const socket = (await next()).accept();
    await timers.advance(30_000);
    const lostAt = timers.now();
    socket.cut(1012);
    expect(client.state).toMatchObject({ kind: 'offline', since: lostAt, reason: { cause: 'unavailable' } });
    (await next()).cut();
    await settled();
    expect(client.state).toMatchObject({ kind: 'offline', since: lostAt, reason: { cause: 'unreachable' } });
    expect(kinds(states)).toMatch(/^live( offline)+$/);
  });

  it.each([
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [404, 'unknown_address'],
    [200, 'socket_blocked'],
    [503, 'unavailable'],
  ] as const)('tells what an answer of %i to the same question means: %s', async (status, cause) => {
    const asked = vi.fn(async () => new Response('', { status }));
    const { next, client } = opened({ fetch: asked, token: 't' });
    (await next()).cut();
    await settled();
    expect(client.state).toMatchObject({ kind: 'offline', reason: { cause } });
    expect(asked).toHaveBeenCalledWith(expect.stringContaining('/api/v1/live'), expect.objectContaining({ headers: { authorization: 'Bearer t' } }));
  });
});

describe('subscriptions', () => {
  it('change without a new connection, and hear nothing more of what they were', async () => {
    const { client, next } = opened();
    const { told, handlers } = noted();
    const subscription = client.subscribe(PURCHASES, handlers);
    const socket = (await next()).accept();
    const [former] = socket.asked;
    socket.tellEvents('p1', 'a');
    subscription.change({ room: 'alerts' });
    expect(socket.said('unsubscribe').map(({ id }) => id)).toEqual([former!.id]);
    expect(socket.asked.at(-1)).toMatchObject({ position: '', source: { case: 'room', value: 'alerts' } });
    socket.tell({ content: { case: 'events', value: { events: [{ id: 'late' }] } } }, former!.id);
    socket.tellEvents('p2', 'b');
    expect(told).toEqual(['a', 'b']);
  });

  it('that are closed are not asked for again', async () => {
    const { client, next } = opened();
    const { told, handlers } = noted();
    const subscription = client.subscribe(PURCHASES, handlers);
    const socket = (await next()).accept();
    subscription.close();
    socket.tellEvents('p1', 'a');
    socket.cut();
    expect((await next()).accept().asked).toEqual([]);
    expect(told).toEqual([]);
  });

  it('whose position is refused begin anew', async () => {
    const { client, next } = opened();
    const { told, handlers } = noted();
    client.subscribe(PURCHASES, handlers, { position: 'of another tenant' });
    const socket = (await next()).accept();
    socket.tell(failure('INVALID_INPUT', 'position'));
    expect(socket.asked.map(({ position }) => position)).toEqual(['of another tenant', '']);
    socket.tell(subscribed(false));
    expect(told).toEqual(['anew']);
  });

  it('tell what is wrong with them', async () => {
    const { client, next } = opened();
    const { told, handlers } = noted();
    client.subscribe(PURCHASES, handlers);
    (await next()).accept().tell(failure('INVALID_INPUT', 'events.types'));
    expect(told).toEqual(['INVALID_INPUT']);
  });

  it('go on after a short break only, where they are told to', async () => {
    const { client, next, timers } = opened();
    client.subscribe(PURCHASES, {}, { resumeWithin: 60_000 });
    const first = (await next()).accept();
    first.tellEvents('p1', 'a');
    first.cut();
    const second = (await next()).accept();
    expect(second.asked[0]!.position).toBe('p1');
    await timers.advance(30_000);
    const cutAt = timers.now();
    second.cut();
    let last = await next();
    while (timers.now() - cutAt <= 60_000) last = await next();
    expect(last.accept().asked[0]!.position).toBe('');
  });
});
