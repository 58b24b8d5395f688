// @ts-check
import { connect } from 'node:net';

/** How long an answer may take before its request counts as hung (ms). */
const ANSWER_MS = 5_000;
/** Between an attempt to connect that failed and the next (ms). */
const REFUSED_MS = 10;

/** @typedef {{ requests: number, answered: number, unanswered: number, refused: number, hung: number, connections: number }} Count */
/** @typedef {{ lanes: number, thinkMs: number, isFresh: boolean }} Lanes how many clients there are, and how each goes on */

/**
 * Clients on bare sockets, which do as HTTP/1.1 has it: a connection is used again unless an answer says `Connection: close`, and
 * nothing is asked for twice. A connection that is closed with no request outstanding has lost nothing.
 *
 * @param {number} port
 * @param {Lanes} lanes
 */
export class NumberedClients {
  /** @type {Count} */
  count = { requests: 0, answered: 0, unanswered: 0, refused: 0, hung: 0, connections: 0 };
  #isStopped = false;

  /** @param {number} port @param {Lanes} lanes */
  constructor(port, lanes) {
    this.port = port;
    this.lanes = lanes;
    this.done = Promise.all(Array.from({ length: lanes.lanes }, () => this.#lane()));
  }

  /** Begins nothing new; resolves with what became of everything. */
  async stop() {
    this.#isStopped = true;
    await this.done;
    return this.count;
  }

  async #lane() {
    while (!this.#isStopped) {
      const connection = await Connection.open(this.port);
      if (connection === undefined) {
        this.count.refused++;
        await pause(REFUSED_MS);
        continue;
      }
      this.count.connections++;
      while (connection.isOpen && !this.#isStopped) {
        await this.#ask(connection);
        if (this.lanes.isFresh) connection.close();
        await pause(this.lanes.thinkMs);
      }
      connection.close();
    }
  }

  /** @param {Connection} connection */
  async #ask(connection) {
    const number = String(this.count.requests++);
    this.count[await connection.ask(number, this.lanes.isFresh)]++;
  }
}

class Connection {
  isOpen = true;
  #text = '';
  /** @type {((outcome: 'answered' | 'unanswered' | 'hung') => void) | undefined} */
  #settle;
  #number = '';

  /** @param {number} port @returns {Promise<Connection | undefined>} */
  static open(port) {
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', () => resolve(undefined));
      socket.once('connect', () => resolve(new Connection(socket)));
    });
  }

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.socket = socket;
    socket.setEncoding('latin1').on('data', (chunk) => this.#read(String(chunk)));
    for (const event of ['end', 'error', 'close']) socket.on(event, () => this.#end('unanswered'));
  }

  /** @param {string} number @param {boolean} isLast @returns {Promise<'answered' | 'unanswered' | 'hung'>} */
  ask(number, isLast) {
    this.#number = number;
    this.#text = '';
    const timer = setTimeout(() => this.#end('hung'), ANSWER_MS);
    return new Promise((resolve) => {
      this.#settle = (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
      this.socket.write(`GET /${number} HTTP/1.1\r\nHost: bench\r\n${isLast ? 'Connection: close\r\n' : ''}\r\n`);
    });
  }

  close() {
    this.isOpen = false;
    this.socket.destroy();
  }

  /** The program answers with what it was asked for, so nobody gets another one's answer unnoticed. @param {string} chunk */
  #read(chunk) {
    this.#text += chunk;
    const head = this.#text.indexOf('\r\n\r\n');
    if (head < 0 || this.#text.length < head + 4 + this.#number.length + 1) return;
    const isRight = this.#text.startsWith('HTTP/1.1 200 ') && this.#text.endsWith(`\r\n\r\n/${this.#number}`);
    if (!isRight || /^connection: close\r$/im.test(this.#text)) this.isOpen = false;
    this.#settle?.(isRight ? 'answered' : 'unanswered');
    this.#settle = undefined;
  }

  /** @param {'unanswered' | 'hung'} outcome */
  #end(outcome) {
    this.close();
    this.#settle?.(outcome);
    this.#settle = undefined;
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));
}
