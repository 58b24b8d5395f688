/** Waiting longer than this for bytes that should come is a failure, in milliseconds. */
const PATIENCE_MS = 3_000;

/** All bytes that came to one side, in order, over however many connections. */
export class Received {
  #text = '';
  #changed: (() => void) | undefined;

  get text(): string {
    return this.#text;
  }

  add(text: string): void {
    this.#text += text;
    this.changed();
  }

  /** Tells who waits that bytes came, or that a connection ended. */
  changed(): void {
    this.#changed?.();
  }

  /** Resolves with true as soon as `isMet`, with false when it is not met in time. */
  async until(isMet: () => boolean): Promise<boolean> {
    if (isMet()) return true;
    return new Promise((resolve) => {
      const done = (met: boolean) => {
        clearTimeout(timer);
        this.#changed = undefined;
        resolve(met);
      };
      const timer = setTimeout(() => done(false), PATIENCE_MS);
      this.#changed = () => {
        if (isMet()) done(true);
      };
    });
  }
}
