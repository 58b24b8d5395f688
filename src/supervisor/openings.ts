import type { Listening } from '../core/messages.cjs';

/** The public ports that are being opened to clients for the workers of a generation. */
export class Openings {
  readonly #open: (listening: Listening) => Promise<void>;
  readonly #underWay = new Set<Promise<void>>();

  constructor(open: (listening: Listening) => Promise<void>) {
    this.#open = open;
  }

  /** Opens the port; exactly one of the two is called, in a later tick. */
  begin(listening: Listening, opened: () => void, failed: (error: Error) => void): void {
    const opening = this.#open(listening);
    this.#underWay.add(opening);
    opening
      .finally(() => this.#underWay.delete(opening))
      .then(opened)
      .catch(failed);
  }

  /** Resolves when all that were begun by now are open; rejects when one could not be. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
