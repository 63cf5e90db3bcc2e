/** Geometry of a dial in a box of 100 × 100: 0 to 100 over three quarters of a circle, open at the bottom. */

const CENTRE = 50;
const START = 135;
const SWEEP = 270;

function place(radius: number, value: number): string {
  const angle = ((START + (value / 100) * SWEEP) * Math.PI) / 180;
  return `${(CENTRE + radius * Math.cos(angle)).toFixed(2)} ${(CENTRE + radius * Math.sin(angle)).toFixed(2)}`;
}

/** The path of an arc between two values. */
export function onArc(radius: number, from: number, to: number): string {
  const large = ((to - from) / 100) * SWEEP > 180 ? 1 : 0;
  return `M${place(radius, from)}A${radius} ${radius} 0 ${large} 1 ${place(radius, to)}`;
}

export interface Tick {
  readonly at: number;
  readonly major: boolean;
  readonly path: string;
}

/** A mark every 5, a longer one every 25. */
export const ticks: readonly Tick[] = Array.from({ length: 21 }, (_, index) => {
  const at = index * 5;
  const major = at % 25 === 0;
  return { at, major, path: `M${place(42.5, at)}L${place(major ? 35 : 39, at)}` };
});
