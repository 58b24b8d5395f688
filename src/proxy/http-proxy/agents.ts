import type { Agent } from 'node:http';
import type { Ends } from '../../core/proxy-protocol.cjs';
import type { Backend } from '../backend.js';
import { BackendAgent } from './agent.js';

interface Pair {
  readonly pooling: BackendAgent;
  readonly fresh: BackendAgent;
}

interface Repeatable {
  readonly isRepeatable: boolean;
}

/** For every backend, a pool of idle sockets, and a way around it. */
export class Agents {
  /** Milliseconds; for the sockets to come. */
  connectTimeout: number;
  readonly #pairs = new Map<Backend, Pair>();

  constructor(connectTimeout: number) {
    this.connectTimeout = connectTimeout;
  }

  /**
   * Whoever lost a worker takes no idle socket again: others of a dead worker's may not have told of their end yet. And
   * where nobody governs when the worker closes one, nothing is risked on it that can't be sent again. An upgrade has a
   * connection of its own: the program may not be done yet with the answer before on an idle one.
   *
   * @param ends whose request it is, for a backend that is told by connection
   */
  agentOf(backend: Backend, mayReuse: boolean, { isRepeatable }: Repeatable, ends: Ends | undefined): Agent {
    if (backend.sendsProxy) return new BackendAgent(backend, this, false, backend.openingFor(ends));
    const { pooling, fresh } = this.#pairs.get(backend) ?? this.#add(backend);
    return mayReuse && (backend.hasAgent || isRepeatable) ? pooling : fresh;
  }

  close(): void {
    for (const { pooling } of this.#pairs.values()) pooling.closeIdle();
    this.#pairs.clear();
  }

  #add(backend: Backend): Pair {
    const pooling = new BackendAgent(backend, this, true);
    const pair = { pooling, fresh: new BackendAgent(backend, this, false) };
    this.#pairs.set(backend, pair);
    backend.onceLeaving(() => {
      pooling.closeIdle();
      this.#pairs.delete(backend);
    });
    return pair;
  }
}
