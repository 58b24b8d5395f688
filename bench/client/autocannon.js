// @ts-check
import { setTimeout as pause } from 'node:timers/promises';
import autocannon from 'autocannon';
import { percentile } from '../median.js';
import { Stopwatch } from './stopwatch.js';

/** How long all connections may take to be answered once (s). */
const RAMP_SECONDS = 30;
/** So many errors are enough to know. */
const MAX_ERRORS = 100;

/**
 * Loads with autocannon. Counting begins when each connection has been answered once and ends before the first is closed:
 * connecting is another load's business. Latencies are taken from its events, since its own report is in whole milliseconds.
 *
 * @param {import('./client.js').Turn} turn
 * @returns {Promise<import('./client.js').Measurement>}
 */
export async function autocannonTurn({ load, port, seconds, watched }) {
  const { connections } = load;
  const counting = new Counting(connections, seconds, watched);
  /** @type {string | undefined} */
  let firstError;
  const result = await new Promise((resolve, reject) => {
    const run = autocannon(
      {
        url: `http://127.0.0.1:${port}${load.path}`,
        method: load.method,
        ...(load.bodySize > 0 && { body: 'x'.repeat(load.bodySize) }),
        connections,
        duration: RAMP_SECONDS + seconds,
        bailout: MAX_ERRORS,
        sampleInt: 50, // it looks that often whether it was stopped (ms)
        verifyBody: (body) => isRight(load, String(body)),
        setupClient: (client) => client.once('response', () => counting.connected()),
      },
      (error, ended) => (error ? reject(error) : resolve(ended)),
    );
    run.on('reqError', (error) => (firstError ??= error.message));
    run.on('response', (_client, _status, _bytes, time) => counting.answered(time));
    counting.done.then(() => run.stop(), reject);
  });
  verify(result, connections, firstError);
  return counting.figures();
}

/** What comes back between the first answer on the last connection and the end of the time. */
class Counting {
  /** @type {number[]} */
  #latencies = [];
  #isOn = false;
  #unconnected;
  /** @type {() => void} */
  #begin = () => {};
  /** @type {ReturnType<Stopwatch['stop']> | undefined} */
  #figures;

  /** @param {number} connections @param {number} seconds @param {import('./client.js').Watched} watched */
  constructor(connections, seconds, watched) {
    this.#unconnected = connections;
    /** @type {Promise<void>} */
    const begun = new Promise((resolve) => (this.#begin = resolve));
    /** Resolves when the time is over; rejects when a process that is watched has ended. */
    this.done = begun.then(() => this.#count(seconds, watched));
  }

  /** A connection was answered for the first time. */
  connected() {
    if (--this.#unconnected === 0) this.#begin();
  }

  /** @param {number} latency (ms) */
  answered(latency) {
    if (this.#isOn) this.#latencies.push(latency);
  }

  figures() {
    if (this.#figures === undefined) throw new Error(`${this.#unconnected} connections got no answer`);
    return { ...this.#figures, p50: percentile(this.#latencies, 0.5), p99: percentile(this.#latencies, 0.99) };
  }

  /** @param {number} seconds @param {import('./client.js').Watched} watched */
  async #count(seconds, watched) {
    const stopwatch = new Stopwatch(watched);
    this.#isOn = true;
    await pause(seconds * 1000);
    this.#isOn = false;
    this.#figures = stopwatch.stop(this.#latencies.length);
  }
}

/** @param {import('../loads.js').Load} load @param {string} body */
function isRight({ answer, answerSize }, body) {
  return answer === undefined ? body.length === answerSize : body === answer;
}

/** @param {autocannon.Result} result @param {number} connections @param {string | undefined} firstError */
function verify({ requests, errors, non2xx, mismatches }, connections, firstError) {
  // autocannon connects anew without a word when it is hung up on: what was then under way is not among its errors.
  const lost = Math.max(0, requests.sent - requests.total - connections - errors);
  if (errors + non2xx + mismatches + lost === 0) return;
  const example = firstError === undefined ? '' : ` (${firstError})`;
  throw new Error(
    `${errors} errors${example}, ${non2xx} non-2xx, ${mismatches} wrong bodies, ${lost} without an answer`,
  );
}
