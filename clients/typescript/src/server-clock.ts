const SAMPLES_KEPT = 8;

interface Sample {
  readonly ahead: number;
  readonly roundTrip: number;
}

/** The server's clock as seen from here: told by pongs, to within half of the shortest round trip of late. */
export class ServerClock {
  private samples: readonly Sample[] = [];

  /** A ping sent at one time of ours came back at another; the server read its own clock in between. */
  heard(sentAt: number, server: number, receivedAt: number): void {
    const sample = { ahead: server - (sentAt + receivedAt) / 2, roundTrip: receivedAt - sentAt };
    this.samples = [...this.samples, sample].slice(-SAMPLES_KEPT);
  }

  /** How far it is ahead of ours, in milliseconds; 0 as long as nothing was heard. */
  get ahead(): number {
    return this.best()?.ahead ?? 0;
  }

  /** The shortest round trip of late, in milliseconds; null as long as nothing was heard. */
  get roundTrip(): number | null {
    return this.best()?.roundTrip ?? null;
  }

  private best(): Sample | undefined {
    return this.samples.toSorted((a, b) => a.roundTrip - b.roundTrip)[0];
  }
}
