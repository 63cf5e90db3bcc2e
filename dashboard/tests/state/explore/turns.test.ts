import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Turns } from '../../../src/state/explore/turns';

let looked = true;

beforeEach(() => {
  looked = true;
  vi.useFakeTimers();
  const waiting: FrameRequestCallback[] = [];
  vi.stubGlobal('requestAnimationFrame', (call: FrameRequestCallback) => void waiting.push(call));
  setInterval(() => looked && waiting.splice(0).forEach((call) => call(performance.now())), 16);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('draws a few charts at a time, each as it is by then', () => {
  const turns = new Turns();
  const drawn: string[] = [];
  const charts = Array.from({ length: 10 }, (_, number) => ({ number }));
  for (const chart of charts) turns.wait(chart, () => drawn.push(`${chart.number} before`));
  for (const chart of charts) turns.wait(chart, () => drawn.push(`${chart.number}`));
  turns.leave(charts[3]!);
  expect(drawn).toEqual([]);
  vi.advanceTimersByTime(40);
  expect(drawn).toEqual(['0', '1', '2', '4', '5', '6']);
  vi.advanceTimersByTime(200);
  expect(drawn).toEqual(['0', '1', '2', '4', '5', '6', '7', '8', '9']);
});

it('draws nothing while nobody looks, and the newest afterwards', () => {
  const turns = new Turns();
  const drawn: number[] = [];
  const chart = {};
  looked = false;
  for (let at = 0; at < 50; at += 1) {
    turns.wait(chart, () => drawn.push(at));
    vi.advanceTimersByTime(1_000);
  }
  expect(drawn).toEqual([]);
  looked = true;
  vi.advanceTimersByTime(200);
  expect(drawn).toEqual([49]);
});
