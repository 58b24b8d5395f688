// @ts-check
import { connect } from 'node:net';
import { loads } from '../loads.js';
import { atRest, residentMemory } from '../process-time.js';
import { exchange } from './exchange.js';

/** How many connections are opened at a time: below every backlog. */
const AT_A_TIME = 100;

/**
 * Opens connections, makes one request on each, and reads the proxy's resident memory while all are kept.
 *
 * @param {import('./client.js').IdleTurn} turn
 * @returns {Promise<import('./client.js').Memory>}
 */
export async function idleTurn({ port, connections, watched }) {
  const memory = () => watched.proxy.reduce((sum, pid) => sum + residentMemory(pid), 0);
  /** @type {import('node:net').Socket[]} */
  const sockets = [];
  try {
    await atRest(watched.proxy);
    const before = memory();
    while (sockets.length < connections)
      sockets.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(AT_A_TIME, connections - sockets.length) }, () => open(port)),
        )),
      );
    await atRest(watched.proxy);
    const after = memory();
    const lost = sockets.filter((socket) => socket.destroyed || socket.readableEnded).length;
    if (lost > 0) throw new Error(`${lost} of ${connections} idle connections were closed`);
    return { before, after, perConnection: (after - before) / connections };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** @param {number} port */
async function open(port) {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1').setNoDelay(true);
  await exchange(socket, '', loads[0]?.answer ?? '');
  // Keeps reading, or a close would not be noticed; without a listener an error would end the process.
  return socket.on('error', () => {}).resume();
}
