// @ts-check
import { once } from 'node:events';
import { connect } from 'node:net';
import { percentile } from '../median.js';
import { exchange } from './exchange.js';
import { Stopwatch } from './stopwatch.js';

/** Each connection leaves an address in TIME_WAIT for a minute, and there are about 28,000 of them. */
const MAX_CONNECTIONS = 10_000;

/**
 * A new connection for each request, closed by the server as the request asks. A client of our own, since autocannon takes the
 * time of such a request from the one before.
 *
 * @param {import('./client.js').Turn} turn
 * @returns {Promise<import('./client.js').Measurement>}
 */
export async function reconnectTurn({ load, port, seconds, watched }) {
  /** @type {number[]} */
  const latencies = [];
  let left = MAX_CONNECTIONS;
  const stopwatch = new Stopwatch(watched);
  const deadline = performance.now() + seconds * 1000;

  async function client() {
    while (left-- > 0 && performance.now() < deadline) {
      const began = performance.now();
      await request(port, load.answer ?? '');
      latencies.push(performance.now() - began);
    }
  }

  await Promise.all(Array.from({ length: load.connections }, client));
  return { ...stopwatch.stop(latencies.length), p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

/** One connection and one request, until the other side has closed it. @param {number} port @param {string} answer */
async function request(port, answer) {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1').setNoDelay(true);
  const closed = once(socket, 'close');
  await exchange(socket, 'Connection: close\r\n', answer);
  await closed;
}
