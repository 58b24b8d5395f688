import type { Config } from '../core/config.js';
import type { Listening } from '../core/messages.cjs';
import { Checkup } from './checkup.js';
import type { Exit } from './exit.js';
import type { HealthCheck } from './health.js';
import type { Household } from './household.js';
import type { Launch } from './launch.js';
import type { Demands } from './proof.js';
import type { Ward } from './ward.js';
import { Worker } from './worker.js';

/** What all workers of a generation have in common. */
export interface Terms {
  /** The number of their generation. */
  readonly generation: number;
  readonly config: Config;
  readonly launch: Launch;
}

/** Who hears of those that were hired. */
export interface Employer {
  announced(worker: Worker, listening: Listening): void;
  /** It has shown all that it had to. */
  ready(): void;
  failed(failure: Error): void;
  exited(worker: Worker, exit: Exit): void;
}

/** Starts the workers of one generation: says what each has to show, and watches over it once it is ready. */
export class Hiring {
  readonly #terms: Terms;
  readonly #household: Household;
  readonly #ward: Ward;
  readonly #employer: Employer;

  constructor(terms: Terms, household: Household, ward: Ward, employer: Employer) {
    this.#terms = terms;
    this.#household = household;
    this.#ward = ward;
    this.#employer = employer;
  }

  hire(slot: number): Worker {
    const { spawn, warden, journal, ports } = this.#household;
    const { generation } = this.#terms;
    let checkup: Checkup | undefined;
    const worker = new Worker(
      { ...this.#terms, slot, ports: ports.pairs },
      {
        spawn,
        warden,
        journal,
        demands: this.#demandsOn(() => worker),
        admit: (listening) => ports.admit(generation, listening),
        announced: (listening) => this.#employer.announced(worker, listening),
        felt: (vitals) => checkup?.felt(vitals),
      },
    );
    worker.ready
      .then(() => {
        checkup = this.#watch(worker);
        if (worker.vitals !== undefined) checkup?.felt(worker.vitals); // it may block its event loop before the next beat
        return this.#employer.ready();
      })
      .catch((failure: Error) => this.#employer.failed(failure));
    void worker.exited.then((exit) => this.#employer.exited(worker, exit));
    return worker;
  }

  #demandsOn(worker: () => Worker): Demands {
    const { config, launch } = this.#terms;
    const health = this.#healthCheck(worker);
    return {
      readiness: 'command' in launch ? { kind: 'accepting' } : this.#household.ports.readiness,
      waitReady: config.waitReady,
      ...(health !== undefined && { health }),
    };
  }

  #healthCheck(worker: () => Worker): HealthCheck | undefined {
    const { health, healthInterval: interval, healthTimeout: timeout } = this.#terms.config;
    if (health === undefined) return undefined;
    return { interval, timeout, probe: async (signal) => this.#household.probe(worker(), health, signal) };
  }

  #watch(worker: Worker): Checkup | undefined {
    if (worker.state !== 'ready') return undefined; // it has ended in the same tick
    const health = this.#healthCheck(() => worker);
    return new Checkup(this.#terms.config, health, worker.scope, {
      ailing: (reason) => this.#ward.admit(worker, reason),
      recovered: () => this.#ward.discharge(worker),
      unfit: (ailment, reason) => this.#household.unfit(worker, ailment, reason),
    });
  }
}
