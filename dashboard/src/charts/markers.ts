import type uPlot from 'uplot';
import type { Palette } from './palette';

/** Something that happened and may explain what a chart shows, such as a deploy. */
export interface Marker {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

/** A dashed line with a pennant on top for each. */
export function drawMarkers(u: uPlot, markers: readonly Marker[], { colour, rem }: Palette): void {
  const { ctx, bbox } = u;
  const pixels = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour.brass;
  ctx.lineWidth = pixels;
  for (const { at } of markers) {
    const x = Math.round(u.valToPos(at / 1000, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.setLineDash([3 * pixels, 3 * pixels]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const size = rem * 0.45 * pixels;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x + size * 1.3, bbox.top + size / 2);
    ctx.lineTo(x, bbox.top + size);
    ctx.fill();
  }
  ctx.restore();
}

/** A dotted line across the picture for each. */
export function drawLimits(u: uPlot, limits: readonly number[], { colour }: Palette): void {
  const { ctx, bbox } = u;
  const pixels = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour['pen-errors'];
  ctx.lineWidth = pixels;
  ctx.setLineDash([2 * pixels, 3 * pixels]);
  for (const limit of limits) {
    const y = Math.round(u.valToPos(limit, 'y', true));
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}
