type Answers<Answer> = Promise<ReadonlyMap<string, Answer>>;

interface Gathering<Answer> {
  readonly keys: Set<string>;
  readonly answers: Answers<Answer>;
}

/** Answers by key: what is asked for in one turn of the page is asked for in one call, which takes so many keys at most. */
export class Together<Answer> {
  private readonly call: (keys: readonly string[]) => Answers<Answer>;
  private readonly most: number;
  private gathering: Gathering<Answer> | null = null;

  constructor(call: (keys: readonly string[]) => Answers<Answer>, most: number) {
    this.call = call;
    this.most = most;
  }

  /** Null where there is none. Raises what the call raises. */
  async of(key: string): Promise<Answer | null> {
    if (!this.gathering || this.gathering.keys.size >= this.most) this.gathering = this.gather();
    const { keys, answers } = this.gathering;
    keys.add(key);
    return (await answers).get(key) ?? null;
  }

  private gather(): Gathering<Answer> {
    const keys = new Set<string>();
    const ask = (): Answers<Answer> => {
      if (this.gathering?.keys === keys) this.gathering = null;
      return this.call([...keys]);
    };
    return { keys, answers: new Promise((resolve) => setTimeout(resolve)).then(ask) };
  }
}
