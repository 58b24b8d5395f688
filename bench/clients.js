// @ts-check
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('client/client.js', import.meta.url));

/** The clients, who live in a process of their own; one order at a time. */
export class Clients {
  /** @param {import('./stage.js').Stage} stage */
  constructor(stage) {
    this.child = fork(SCRIPT, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const exited = once(this.child, 'exit');
    stage.onClose(async () => {
      this.child.kill('SIGTERM');
      await exited;
    });
  }

  /** @param {import('./client/client.js').Turn} turn @returns {Promise<import('./client/client.js').Measurement>} */
  load(turn) {
    return this.#order(turn);
  }

  /** @param {import('./client/client.js').IdleTurn} turn @returns {Promise<import('./client/client.js').Memory>} */
  idle(turn) {
    return this.#order(turn);
  }

  /** @param {import('./client/client.js').Order} order */
  async #order(order) {
    const settled = new AbortController();
    try {
      this.child.send(order);
      const [answer] = await Promise.race([
        once(this.child, 'message', { signal: settled.signal }),
        once(this.child, 'exit', { signal: settled.signal }).then(() => [{ failed: 'the clients have ended' }]),
      ]);
      if (answer.failed !== undefined) throw new Error(answer.failed);
      return answer.done;
    } finally {
      settled.abort();
    }
  }
}
