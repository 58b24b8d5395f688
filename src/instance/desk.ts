import type { Operations } from '../control/operations.js';
import { MOST_WORKERS } from '../core/config.js';
import { ZdlbError } from '../core/errors.js';
import type { Health } from '../core/health.js';
import { parseDuration } from '../core/quantity.js';
import type { Front } from '../front.js';
import { exposition } from './metrics/exposition.js';
import { families } from './metrics/families.js';
import { version } from '../version.js';

/** `+1`, `-2`, or a number that is wanted. */
const CHANGE = /^([+-]?)(\d{1,3})$/;

/** What `zdlb status --json` shows. */
export type FrontStatus = ReturnType<Front['status']> & {
  readonly name: string;
  readonly pid: number;
  readonly version: string;
  readonly uptimeMs: number;
};

/** Where the operator's orders come in that are given over the control socket. */
export class Desk implements Operations {
  readonly #name: string;
  readonly #front: Front;
  readonly #stop: () => void;
  readonly #health: () => Health;
  readonly #startedAt = performance.now();

  /**
   * @param stop the first time gently, the second time at once
   * @param health whether the instance wants traffic
   */
  constructor(name: string, front: Front, stop: () => void, health: () => Health) {
    this.#name = name;
    this.#front = front;
    this.#stop = stop;
    this.#health = health;
  }

  health(): Health {
    return this.#health();
  }

  status(): FrontStatus {
    const uptimeMs = Math.round(performance.now() - this.#startedAt);
    return { name: this.#name, pid: process.pid, version, uptimeMs, ...this.#front.status() };
  }

  async metrics(): Promise<string> {
    return exposition(families(this.status(), this.#front.ledger));
  }

  async reload(wait: 'swapped' | 'retired'): Promise<object> {
    if (wait === 'swapped') return this.#front.reload();
    const reloaded = await this.#front.reload(undefined, 'judged');
    await this.#front.retired();
    return reloaded;
  }

  async scale(change: string): Promise<{ readonly workers: number }> {
    const [, sign, digits] = CHANGE.exec(change) ?? [];
    const number = Number(digits);
    if (digits === undefined || (sign === '' && (number < 1 || number > MOST_WORKERS)))
      throw new ZdlbError(
        'usage',
        `Met ${JSON.stringify(change)}, wanted a number of workers from 1 to ${MOST_WORKERS}, or a change such as +1 or -1`,
      );
    const to = (wanted: number) => (sign === '' ? number : sign === '+' ? wanted + number : wanted - number);
    return { workers: await this.#front.scale(to) };
  }

  async pause(timeout: string | undefined, asker: AbortSignal): Promise<object> {
    return this.#front.pause.begin(durationOf(timeout) ?? this.#front.holdTimeout, asker);
  }

  async resume(spread: string | undefined): Promise<object> {
    return this.#front.pause.end(durationOf(spread));
  }

  async rollback(): Promise<object> {
    return { generation: await this.#front.rollback() };
  }

  stop(): object {
    this.#stop();
    return { stopping: true };
  }
}

function durationOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new ZdlbError('usage', `Met ${JSON.stringify(text)}, wanted a duration such as 500ms, 30s or 5m`);
}
