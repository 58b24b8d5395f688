import { type HealthCheck, untilHealthy } from './health.js';
import { isMet, type Readiness, whatIsMissing } from './readiness.js';

/** All that a starting worker has to show. */
export interface Demands {
  readonly readiness: Readiness;
  /** The program has to say that it is ready (`--wait-ready`). */
  readonly waitReady: boolean;
  /** It has to answer a probe (`--health`). */
  readonly health?: HealthCheck;
}

/** How far a starting worker has come in proving itself. Time alone never completes it, but for a program that never listens. */
export class Proof {
  readonly #demands: Demands;
  readonly #doors: ReadonlyMap<number, unknown>;
  readonly #scope: AbortSignal;
  readonly #completed: () => void;
  #hasSpoken = false;
  #hasRun = false;
  #isProbed = false;
  #lastProbe: string | undefined;

  /**
   * @param doors the public ports that it has opened
   * @param scope aborted when it is not starting any more
   */
  constructor(demands: Demands, doors: ReadonlyMap<number, unknown>, scope: AbortSignal, completed: () => void) {
    this.#demands = demands;
    this.#doors = doors;
    this.#scope = scope;
    this.#completed = completed;
  }

  /** It has opened a port. */
  opened(): void {
    this.#advance();
  }

  /** It has said that it is ready. */
  spoke(): void {
    this.#hasSpoken = true;
    this.#advance();
  }

  /** It has run for as long as a program that never listens has to. */
  ran(): void {
    this.#hasRun = true;
    this.#advance();
  }

  /** The rest of the sentence "Worker 2 was not ready within 60s: …". */
  get missing(): string {
    if (!this.#isOpen) return whatIsMissing(this.#demands.readiness, this.#doors);
    if (!this.#isAnnounced) return "it has not called process.send('ready')";
    return this.#lastProbe === undefined ? 'it has not answered its health probe' : `it ${this.#lastProbe}`;
  }

  get #isOpen(): boolean {
    return this.#hasRun || isMet(this.#demands.readiness, this.#doors);
  }

  get #isAnnounced(): boolean {
    return this.#hasSpoken || !this.#demands.waitReady;
  }

  #advance(): void {
    if (this.#scope.aborted || this.#isProbed || !this.#isOpen || !this.#isAnnounced) return;
    const { health } = this.#demands;
    if (health === undefined) return this.#completed();
    this.#isProbed = true;
    void this.#probe(health);
  }

  async #probe(health: HealthCheck): Promise<void> {
    const isHealthy = await untilHealthy(health, this.#scope, (reason) => {
      this.#lastProbe = reason;
    });
    if (isHealthy) this.#completed();
  }
}
