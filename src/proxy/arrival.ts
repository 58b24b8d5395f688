import type { Socket } from 'node:net';
import { type Moves, Lifecycle } from '../core/lifecycle.js';
import { formatDuration } from '../core/quantity.js';
import { ByteQueue } from './byte-queue.js';
import { Client } from './client.js';
import type { Relay } from './listener.js';
import { type ProxyHeader, readProxyHeader } from './proxy-header.js';
import { unread } from './reading.js';

/** How many bytes an operator is shown of what is no PROXY header, and of one that is malformed. */
const SHOWN = 8;
const SHOWN_OF_HEADER = 60;

/** Who hears what becomes of an arrival. */
export interface ArrivalHost {
  /** Its header has come: `client` is who it says, paused and not read behind it. */
  announced(arrival: Arrival, client: Client): void;
  /** It is closed. `reason` is the rest of the sentence "10.0.0.5 …"; absent when it just left. */
  left(arrival: Arrival, reason?: string): void;
}

/**
 *     reading -> announced        its header is whole
 *     reading -> closed           it left, took too long, or sent something else
 *     announced -> closed         it was reset in that very tick
 */
type State = 'reading' | 'announced' | 'closed';

const MOVES: Moves<State> = { reading: ['announced', 'closed'], announced: ['closed'], closed: [] };

/** A connection of a trusted peer, from its acceptance until its PROXY header has come. */
export class Arrival {
  readonly relay: Relay;
  /** Whose connection it is: an address, or `unix`. */
  readonly peer: string;
  /** On the clock of `performance.now()`. */
  readonly since = performance.now();
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #host: ArrivalHost;
  readonly #bytes = new ByteQueue();
  readonly #lifecycle = new Lifecycle<State>('An arrival', 'reading', MOVES);
  readonly #take = (bytes: Buffer): void => this.#received(bytes);
  readonly #end = (): void => this.#ended();

  /** @param client paused and not yet read */
  constructor(client: Client, peer: string, relay: Relay, host: ArrivalHost) {
    this.relay = relay;
    this.peer = peer;
    this.#client = client;
    this.#socket = client.socket;
    this.#host = host;
    // A reset is told by 'close' as well.
    this.#socket.on('data', this.#take).on('end', this.#end).on('error', ignore).on('close', this.#end).resume();
  }

  /** Closes it without an answer. */
  close(reason?: string): void {
    if (this.#lifecycle.is('closed')) return;
    this.#lifecycle.to('closed');
    this.#socket.destroy();
    this.#host.left(this, reason);
  }

  /** Closes it, since nothing came within `ms`. */
  expire(ms: number): void {
    const time = formatDuration(ms);
    if (this.#bytes.length === 0) this.close(`sent no PROXY header within ${time}`);
    else this.close(`sent only the beginning of a PROXY header within ${time}: ${this.#quote(SHOWN_OF_HEADER)}`);
  }

  #received(bytes: Buffer): void {
    if (!this.#lifecycle.is('reading')) return;
    this.#bytes.append(bytes, 0, bytes.length);
    const header = readProxyHeader(this.#bytes.bytes.subarray(0, this.#bytes.length));
    if (header === 'absent') this.close(`sent no PROXY header but ${this.#quote(SHOWN)}`);
    else if (header === 'malformed') this.close(`sent a malformed PROXY header: ${this.#quote(SHOWN_OF_HEADER)}`);
    else if (header !== 'partial') this.#announce(header);
  }

  #announce(header: ProxyHeader): void {
    this.#lifecycle.to('announced');
    this.#socket.pause();
    // Not within Node's own handling of what was read: it may still stop or go on reading, for its former socket. And in this
    // turn of the event loop, before anything further is read.
    process.nextTick(() => this.#enter(header));
  }

  #enter({ length, ends = this.#client.ends }: ProxyHeader): void {
    if (this.#socket.destroyed || ends === undefined) return this.close();
    this.#socket.off('data', this.#take).off('end', this.#end).off('error', ignore).off('close', this.#end);
    const early = Buffer.from(this.#bytes.bytes.subarray(length, this.#bytes.length));
    this.#host.announced(this, new Client(unread(this.#socket), ends, early));
  }

  #ended(): void {
    if (!this.#lifecycle.is('reading')) return;
    if (this.#bytes.length === 0) this.close();
    else this.close(`sent only the beginning of a PROXY header: ${this.#quote(SHOWN_OF_HEADER)}`);
  }

  #quote(most: number): string {
    return JSON.stringify(this.#bytes.bytes.toString('latin1', 0, Math.min(most, this.#bytes.length)));
  }
}

function ignore(): void {}
