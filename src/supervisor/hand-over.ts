import type { ChildProcess, SendHandle } from 'node:child_process';
import type { Socket } from 'node:net';
import { ANSWER, OFFER, clock, type Answer, type Offer } from '../core/hand-over.cjs';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import { NOT_RECEIVED, RECEIVED, readIpc } from './ipc-reader.js';

/** The front gives an offer up this long after the worker would still take it, at most (ms): time for the answer to come. */
const MARGIN_MS = 500;

/**
 * What became of an offer. `taken`: the connection is the worker's. With the others it will never read from it: `refused`, it
 * takes none for that port; `missed`, it did not answer in time; `lost`, it ended before it answered.
 */
export type Outcome = 'taken' | 'refused' | 'missed' | 'lost';

/**
 *     queued -> sent -> settled
 *     queued -> settled             missed or lost, and never sent
 *     sent -> overdue -> settled    missed; when the worker comes to it, it finds it too late
 */
type State = 'queued' | 'sent' | 'overdue' | 'settled';

const MOVES: Moves<State> = {
  queued: ['sent', 'settled'],
  sent: ['overdue', 'settled'],
  overdue: ['settled'],
  settled: [],
};

/** Node's internals: the connection without its stream. A socket object would be tracked until it ends, for server.close(). */
interface Accepted {
  readonly _handle: SendHandle | null;
}

/** A connection that a worker is to take. */
class Offered {
  readonly offer: Offer;
  readonly client: Socket;
  readonly #tell: (outcome: Outcome) => void;
  readonly #lifecycle = new Lifecycle<State>('An offer', 'queued', MOVES);
  readonly #timer: NodeJS.Timeout;

  constructor(offer: Offer, client: Socket, tell: (outcome: Outcome) => void, ms: number, late: () => void) {
    this.offer = offer;
    this.client = client;
    this.#tell = tell;
    this.#timer = setTimeout(late, ms);
  }

  get state(): State {
    return this.#lifecycle.state;
  }

  sent(): void {
    this.#lifecycle.to('sent');
  }

  /** It was sent and may yet come to the worker, which finds it too late. */
  miss(): void {
    this.#lifecycle.to('overdue');
    this.#tell('missed');
  }

  settle(outcome: Outcome): void {
    clearTimeout(this.#timer);
    this.#lifecycle.to('settled');
    this.#tell(outcome); // again, for one that was missed: a promise hears only the first
  }
}

/**
 * Hands client connections to one worker, one at a time: Node waits for the receipt of a descriptor before it sends the next,
 * and what waits here can still go elsewhere.
 */
export class HandOver {
  readonly #child: ChildProcess;
  readonly #queue = new Set<Offered>();
  /** The one that was sent, until it is answered. */
  #current: Offered | undefined;
  #awaitsReceipt = false;
  #isOpen = true;
  #offers = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', () => {}); // Node keeps what nobody hears
    child.on('internalMessage', (message: Answer | { readonly cmd: unknown }) => this.#hear(message));
    const expects = () => this.#awaitsReceipt;
    readIpc(child, expects, () => this.#close());
    child.once('close', () => this.#close()); // Node emits no 'disconnect' while a receipt is due
  }

  /**
   * Offers the worker a connection that was accepted on `port` and not read from; resolves in `ms` milliseconds at the latest.
   * It stays the caller's, who closes it when it is `taken`.
   */
  take(client: Socket, port: number, ms: number): Promise<Outcome> {
    if (!this.#isOpen) return Promise.resolve('lost');
    if (this.#current?.state === 'overdue') return Promise.resolve('missed');
    return new Promise((tell) => {
      const until = clock() + ms - Math.min(MARGIN_MS, ms / 2);
      const offer: Offer = { cmd: OFFER, id: ++this.#offers, port, until };
      const offered = new Offered(offer, client, tell, ms, () => this.#late(offered));
      this.#queue.add(offered);
      this.#sendNext();
    });
  }

  #sendNext(): void {
    if (this.#current !== undefined || this.#awaitsReceipt) return;
    for (const next of this.#queue) {
      this.#queue.delete(next);
      const { _handle } = next.client as unknown as Accepted;
      if (_handle !== null) return this.#send(next, _handle);
      next.settle('refused'); // its client's socket was closed meanwhile
    }
  }

  #send(next: Offered, accepted: SendHandle): void {
    this.#current = next;
    this.#awaitsReceipt = true;
    next.sent();
    this.#child.send(next.offer, accepted, {}, (error) => {
      if (error !== null) this.#close();
    });
  }

  #hear(message: Answer | { readonly cmd: unknown }): void {
    if (message.cmd === ANSWER) this.#answered(message as Answer);
    if (message.cmd === NOT_RECEIVED) this.#settle('missed'); // the worker has no open file left
    if (message.cmd === RECEIVED || message.cmd === NOT_RECEIVED) this.#awaitsReceipt = false;
    this.#sendNext();
  }

  #answered({ id, isTaken }: Answer): void {
    if (this.#current?.offer.id === id) this.#settle(isTaken ? 'taken' : 'refused');
  }

  #settle(outcome: Outcome): void {
    this.#current?.settle(outcome);
    this.#current = undefined;
  }

  #late(offered: Offered): void {
    if (offered.state !== 'queued') return void setImmediate(() => this.#overdue(offered));
    this.#queue.delete(offered);
    offered.settle('missed');
  }

  /** By now everything was read that the worker wrote as long as it was in time: timers come before reading, and this after. */
  #overdue(offered: Offered): void {
    if (offered.state !== 'sent') return;
    offered.miss();
    this.#settleQueue('missed');
  }

  /** The worker's end is closed, and all that it wrote was read. */
  #close(): void {
    this.#isOpen = false;
    this.#settle('lost');
    this.#settleQueue('lost');
  }

  #settleQueue(outcome: Outcome): void {
    for (const offered of this.#queue) {
      this.#queue.delete(offered);
      offered.settle(outcome);
    }
  }
}
