import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../src/index.js';
import { MapStorage, ManualTimers, world, type World } from './simulation.js';

const ALERTS = { room: 'alerts' } as const;

/** A visit that shows one event, and ends. */
async function visit(storage: MapStorage, timers = new ManualTimers()): Promise<World> {
  const one = world({ storage }, timers);
  one.client.subscribe(ALERTS, {}, { keep: 'alerts' });
  (await one.next()).accept().tellEvents('p1', 'a', 'b');
  one.client.close();
  return one;
}

/** What the next visit shows before anything has come, and the position it goes on from. */
async function nextVisit(storage: MapStorage, timers: ManualTimers, resumeWithin?: number): Promise<[string[] | null, string]> {
  let painted: string[] | null = null;
  const { client, next } = world({ storage }, timers);
  const kept = (snapshot: Snapshot): void => void (painted = snapshot.events.map(({ id }) => id));
  client.subscribe(ALERTS, { kept }, { keep: 'alerts', ...(resumeWithin !== undefined && { resumeWithin }) });
  const shown = painted;
  const { position } = (await next()).accept().asked[0]!;
  client.close();
  return [shown, position];
}

describe('what is kept', () => {
  it('is shown before anything has come, and gone on from', async () => {
    const storage = new MapStorage();
    const { timers } = await visit(storage);
    expect(await nextVisit(storage, timers)).toEqual([['a', 'b'], 'p1']);
  });

  it('is shown but not gone on from when it is older than wanted', async () => {
    const storage = new MapStorage();
    const { timers } = await visit(storage);
    await timers.advance(61_000);
    expect(await nextVisit(storage, timers, 60_000)).toEqual([['a', 'b'], '']);
  });

  it('is nothing after a day, or when it was forgotten, or by another version', async () => {
    const storage = new MapStorage();
    const { timers } = await visit(storage);
    await timers.advance(25 * 3_600_000);
    expect(await nextVisit(storage, timers)).toEqual([null, '']);
    const { client, next } = world({ storage }, timers);
    client.subscribe(ALERTS, {}, { keep: 'alerts' });
    (await next()).accept().tellEvents('p1', 'a');
    client.forget();
    client.close();
    expect(storage.entries.size).toBe(0);
    await visit(storage, timers);
    storage.setItem('binnacle.live', storage.getItem('binnacle.live')!.replace('"version":1', '"version":0'));
    expect(await nextVisit(storage, timers)).toEqual([null, '']);
  });

  it('is bounded in number and in size', async () => {
    const storage = new MapStorage();
    const { client, next, timers } = world({ storage });
    for (let number = 0; number < 30; number += 1) client.subscribe(ALERTS, {}, { keep: `number ${number}` });
    client.subscribe(ALERTS, {}, { keep: 'large' });
    const socket = (await next()).accept();
    for (const { id } of socket.asked.slice(0, 30)) socket.tell({ content: { case: 'stats', value: {} } }, id);
    const event = { type: 'x'.repeat(3_000) };
    socket.tell({ content: { case: 'events', value: { events: Array.from({ length: 100 }, () => ({ event })) } } });
    await timers.advance(11_000);
    client.close();
    expect(storage.entries.size).toBe(21);
    expect([...storage.entries.values()].every((value) => value.length <= 256 * 1024)).toBe(true);
    expect(storage.getItem('binnacle.live/large')).toBeNull();
  });

  it('is written every ten seconds at most, and when the page is left', async () => {
    const storage = new MapStorage();
    const { client, next, timers, page } = world({ storage });
    client.subscribe(ALERTS, {}, { keep: 'alerts' });
    const socket = (await next()).accept();
    const written: (string | null)[] = [];
    for (let second = 0; second < 21; second += 1) {
      socket.tellEvents(`p${second}`, 'a');
      await timers.advance(1_000);
      const value = storage.getItem('binnacle.live/alerts');
      if (value !== written.at(-1)) written.push(value);
    }
    expect(written.filter(Boolean)).toHaveLength(3);
    socket.tellEvents('last', 'b');
    page.leave();
    expect(storage.getItem('binnacle.live/alerts')).not.toBe(written.at(-1));
    client.close();
  });

  it('is the overview, too, and answers', async () => {
    const storage = new MapStorage();
    const { client, next, timers } = world({ storage });
    client.subscribe({ room: 'dashboard' }, {}, { keep: 'overview' });
    const socket = (await next()).accept();
    const updatedAt = timestampFromMs(timers.now());
    socket.tell({ content: { case: 'state', value: { snapshot: { updatedAt }, demo: true } } });
    socket.tell({ content: { case: 'answer', value: { full: true, timesUnixMs: [1] } } });
    client.close();
    let painted: Snapshot | undefined;
    const other = world({ storage }, timers);
    other.client.subscribe({ room: 'dashboard' }, { kept: (snapshot) => (painted = snapshot) }, { keep: 'overview' });
    other.client.close();
    expect(painted).toMatchObject({ overview: { demo: true }, answer: { timesUnixMs: [1] } });
  });

  it('may fail without harm', async () => {
    const full = new MapStorage();
    full.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    full.getItem = () => '{';
    const { client } = await visit(full);
    expect(client.state.kind).toBe('closed');
  });
});
