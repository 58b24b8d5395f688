import type { Config } from '../core/config.js';
import type { Vitals } from '../core/messages.cjs';
import { type HealthCheck, watchHealth } from './health.js';

/** Why a worker that has not crashed is to be replaced. */
export type Ailment = 'health' | 'hang' | 'memory' | 'age';

/** Who hears of a worker's condition. */
export interface Doctor {
  /** It should get no new work, if others can take it. */
  ailing(reason: string): void;
  recovered(): void;
  /** It is to be replaced. May be said more than once. */
  unfit(ailment: Ailment, reason: string): void;
}

/** Workers that were started together must not age together: each gets a tenth more or less. */
const JITTER = 0.1;
/** The longest timer that Node keeps. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** When beats fail to come it may have been the front that slept; what was said meanwhile is read within this (ms). */
const SECOND_LOOK_MS = 250;

/** Watches over one ready worker: its answers to probes, its event loop, its memory and its age. */
export class Checkup {
  readonly #config: Config;
  readonly #doctor: Doctor;
  readonly #scope: AbortSignal;
  readonly #timers = new Map<'age' | 'hang' | 'health', NodeJS.Timeout>();
  readonly #ailments = new Set<Ailment>();

  /**
   * @param health absent where no path is probed
   * @param scope aborted when the worker is not ready any more
   */
  constructor(config: Config, health: HealthCheck | undefined, scope: AbortSignal, doctor: Doctor) {
    this.#config = config;
    this.#doctor = doctor;
    this.#scope = scope;
    scope.addEventListener('abort', () => this.#end(), { once: true });
    if (config.maxAge !== Infinity) this.#growOld(config.maxAge);
    this.#awaitBeat(); // it may block its event loop before the first
    if (health !== undefined) void watchHealth(health, scope, this.#patient);
  }

  /** A beat of its event loop. */
  felt({ memoryBytes }: Vitals): void {
    if (this.#scope.aborted) return;
    const { maxMemory } = this.#config;
    if (memoryBytes > maxMemory)
      this.#doctor.unfit('memory', `holds ${inMiB(memoryBytes)}, more than ${inMiB(maxMemory)}`);
    this.#recover('hang');
    this.#awaitBeat();
  }

  readonly #patient = {
    ailing: (reason: string): void => {
      this.#ail('health', reason);
      this.#after('health', this.#config.healthGrace, () => this.#doctor.unfit('health', reason));
    },
    recovered: (): void => {
      clearTimeout(this.#timers.get('health'));
      this.#recover('health');
    },
  };

  #ail(ailment: Ailment, reason: string): void {
    if (this.#ailments.size === 0) this.#doctor.ailing(reason);
    this.#ailments.add(ailment);
  }

  #recover(ailment: Ailment): void {
    if (this.#ailments.delete(ailment) && this.#ailments.size === 0) this.#doctor.recovered();
  }

  #growOld(maxAge: number): void {
    const age = maxAge * (1 - JITTER + 2 * JITTER * Math.random());
    this.#after('age', Math.min(age, LONGEST_TIMER), () => this.#doctor.unfit('age', 'has served long enough'));
  }

  /** Only Node programs have a hang timeout: for those there is an agent to wait for. */
  #awaitBeat(): void {
    const { hangTimeout } = this.#config;
    if (hangTimeout !== Infinity) this.#after('hang', hangTimeout, () => this.#silent());
  }

  #silent(): void {
    this.#after('hang', SECOND_LOOK_MS, () => {
      const reason = 'has a blocked event loop';
      this.#ail('hang', reason);
      this.#doctor.unfit('hang', reason);
    });
  }

  #after(what: 'age' | 'hang' | 'health', ms: number, then: () => void): void {
    clearTimeout(this.#timers.get(what));
    this.#timers.set(what, setTimeout(then, ms));
  }

  #end(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}

function inMiB(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)}M`;
}
