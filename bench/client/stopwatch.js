// @ts-check
import { totalCpuTime } from '../process-time.js';

/** Measures from its making to `stop()`. */
export class Stopwatch {
  #began = performance.now();
  #watched;
  #proxy;
  #workers;

  /** @param {import('./client.js').Watched} watched */
  constructor(watched) {
    this.#watched = watched;
    this.#proxy = totalCpuTime(watched.proxy);
    this.#workers = totalCpuTime(watched.workers);
  }

  /**
   * What so many requests have cost.
   *
   * @param {number} requests
   */
  stop(requests) {
    if (requests === 0) throw new Error('not one request was answered');
    return {
      perSecond: requests / ((performance.now() - this.#began) / 1000),
      proxyCpu: (totalCpuTime(this.#watched.proxy) - this.#proxy) / requests,
      workersCpu: (totalCpuTime(this.#watched.workers) - this.#workers) / requests,
    };
  }
}
