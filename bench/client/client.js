// @ts-check
// The process that plays the clients: it carries out one order after the other, so that what loads has been compiled and
// is warm, and answers each with what it measured.
import { autocannonTurn } from './autocannon.js';
import { idleTurn } from './idle.js';
import { reconnectTurn } from './reconnect.js';
import { wrkTurn } from './wrk.js';

/**
 * @typedef {object} Watched the processes whose CPU time is read at both ends of a turn
 * @property {readonly number[]} proxy
 * @property {readonly number[]} workers
 */
/**
 * @typedef {object} Turn
 * @property {'load'} kind
 * @property {import('../loads.js').Load} load
 * @property {'autocannon' | 'wrk'} generator
 * @property {number} port
 * @property {number} seconds
 * @property {Watched} watched
 */
/** @typedef {{ kind: 'idle', port: number, connections: number, watched: Watched }} IdleTurn */
/** @typedef {Turn | IdleTurn} Order */
/**
 * @typedef {object} Measurement
 * @property {number} perSecond requests
 * @property {number} p50 latency (ms)
 * @property {number} p99 latency (ms)
 * @property {number} proxyCpu µs per request
 * @property {number} workersCpu µs per request
 */
/** @typedef {{ before: number, after: number, perConnection: number }} Memory resident (bytes) */

/** @param {Order} order @returns {Promise<Measurement | Memory>} */
function carryOut(order) {
  if (order.kind === 'idle') return idleTurn(order);
  if (!order.load.keepsAlive) return reconnectTurn(order);
  return order.generator === 'wrk' ? wrkTurn(order) : autocannonTurn(order);
}

process.on('message', (/** @type {Order} */ order) => {
  carryOut(order).then(
    (done) => process.send?.({ done }),
    (error) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
  );
});
// Ctrl-C goes to the whole foreground group; whoever gave the orders ends this process too.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
