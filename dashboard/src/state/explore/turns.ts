/** So many charts are drawn anew at a time: fewer cost a frame each, more of them hold the page up. */
const AT_A_TIME = 6;
const EVERY_MS = 100;

/** Charts that wait for their turn to be drawn anew; while nobody looks at the page none is. */
export class Turns {
  private readonly waiting = new Map<object, () => void>();
  private called = false;
  private drewAt = -Infinity;

  /** Draws soon. Of what one chart is to show the newest is drawn alone. */
  wait(chart: object, draw: () => void): void {
    this.waiting.set(chart, draw);
    this.call();
  }

  /** Nothing of it is drawn any more. */
  leave(chart: object): void {
    this.waiting.delete(chart);
  }

  private call(): void {
    if (this.called || this.waiting.size === 0) return;
    this.called = true;
    setTimeout(() => requestAnimationFrame((now) => this.turn(now)), Math.max(0, this.drewAt + EVERY_MS - performance.now()));
  }

  private turn(now: number): void {
    this.called = false;
    this.drewAt = now;
    for (const [chart, draw] of [...this.waiting].slice(0, AT_A_TIME)) {
      this.waiting.delete(chart);
      draw();
    }
    this.call();
  }
}
