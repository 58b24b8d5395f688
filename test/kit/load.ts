import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { RawClient } from './raw-client.ts';
import { Tally } from './tally.ts';

/** A way of using the program of test/fixtures/load-server.cjs. */
export interface Load {
  readonly name: string;
  /** How many connections use it at the same time. */
  readonly lanes: number;
  /**
   * `each turn`: a connection serves one turn and is then closed; `until told`: it is kept, and another one is opened when an
   * answer says `Connection: close`.
   */
  readonly connection: 'kept' | 'until told' | 'each turn';
  /** What a lane does over and over: sends something, and counts what becomes of it. */
  turn(client: RawClient, tally: Tally): Promise<void>;
}

/** A refused lane doesn't spin. */
const REFUSED_PAUSE_MS = 10;

/** A load under way; it stops, too, when the test ends. */
export class RunningLoad {
  readonly tally: Tally;
  readonly #load: Load;
  readonly #place: number | string;
  readonly #stop = new AbortController();
  readonly #clients = new Set<RawClient>();
  readonly #lanes: Promise<unknown>;

  constructor(load: Load, place: number | string, name: string) {
    this.#load = load;
    this.#place = place;
    this.tally = new Tally(name);
    this.#lanes = Promise.all(Array.from({ length: load.lanes }, () => this.#lane()));
    onTestFinished(() => this.#abandon());
  }

  /** Begins nothing new, finishes what is in flight, and resolves with what became of everything. */
  async stop(): Promise<Tally> {
    this.#stop.abort();
    await this.#lanes;
    return this.tally;
  }

  async #lane(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const client = await this.#connect();
      if (client === undefined) await pause(REFUSED_PAUSE_MS);
      else await this.#use(client);
    }
  }

  async #connect(): Promise<RawClient | undefined> {
    try {
      const client = await RawClient.connect(this.#place);
      this.tally.connections++;
      return client;
    } catch (error) {
      this.tally.count('refused', undefined, String(error));
      return undefined;
    }
  }

  async #use(client: RawClient): Promise<void> {
    this.#clients.add(client);
    await this.#load.turn(client, this.tally);
    if (this.#load.connection !== 'each turn') await this.#useAgain(client);
    client.end();
    await client.closed;
    this.#clients.delete(client);
  }

  async #useAgain(client: RawClient): Promise<void> {
    while (client.open && !this.#stop.signal.aborted) await this.#load.turn(client, this.tally);
    const wasTold = this.#load.connection === 'until told' && client.wasTold;
    if (client.lapse !== undefined && !wasTold) this.tally.count(client.lapse);
  }

  async #abandon(): Promise<void> {
    this.#stop.abort();
    for (const client of this.#clients) client.destroy();
    await this.#lanes;
  }
}

let started = 0;

/** Runs a load against a port of 127.0.0.1, or a Unix socket, until it is stopped. */
export function startLoad(load: Load, place: number | string): RunningLoad {
  return new RunningLoad(load, place, `load${++started}`);
}
