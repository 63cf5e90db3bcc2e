/** The overview's two charts. */
import { count, latency, rate, together } from '../design/format';
import type { ChartSpec } from './spec';

const duration = (milliseconds: number): string => (milliseconds === 0 ? '0' : together(latency(milliseconds)));
/** Marks are round: 5 ms, 200 ms, 2 s. */
const roundDuration = (ms: number): string => (ms < 1000 ? `${Number(ms.toPrecision(2))} ms` : `${Number((ms / 1000).toPrecision(2))} s`);
const plain = (value: number): string => (value < 10_000 ? String(Number(value.toPrecision(3))) : count(value));

/** Two pens on one paper: requests above, errors on a scale of their own below, or nobody would see them. */
export const TRAFFIC: ChartSpec = {
  pens: [
    { column: 'requests', label: 'requests', colour: 'pen-main', scale: 'requests', width: 1.5, filled: true },
    { column: 'errors', label: 'errors', colour: 'pen-errors', scale: 'errors', width: 1.5, filled: true },
  ],
  scales: [
    { name: 'requests', from: 0.3, to: 1, atLeast: 2, side: 'left', colour: 'ink-3', mark: plain },
    { name: 'errors', from: 0, to: 0.2, atLeast: 1, side: 'right', colour: 'pen-errors', mark: plain },
  ],
  write: rate,
};

export const LATENCY: ChartSpec = {
  pens: [
    { column: 'p50', label: 'p50', colour: 'pen-main', scale: 'ms', width: 1.75 },
    { column: 'p95', label: 'p95', colour: 'pen-second', scale: 'ms', width: 1.75 },
    { column: 'p99', label: 'p99', colour: 'pen-third', scale: 'ms', width: 1 },
  ],
  scales: [{ name: 'ms', from: 0, to: 1, atLeast: 10, logarithmic: true, side: 'left', colour: 'ink-3', mark: roundDuration }],
  band: [1, 0],
  write: duration,
};
