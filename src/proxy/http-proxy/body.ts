import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Who is told how the body comes in. */
export interface BodyOwner {
  /** It goes on, or `isBackedUp`: the worker does not take more yet. */
  bodyMoved(isBackedUp: boolean): void;
  /** The last part has come. */
  bodyEnded(): void;
  /** It is longer than allowed. */
  bodyTooLarge(): void;
}

/** Whether there is a body, how much of it is taken, and how much of it is kept to be sent again; in bytes. */
export interface BodyBounds {
  readonly hasBody: boolean;
  readonly max: number;
  /** 0 for a request that must not be sent again. */
  readonly maxKept: number;
}

/** A request's body: read once, and given to as many workers as it takes, one after the other. */
export class Body {
  readonly #source: IncomingMessage;
  readonly #owner: BodyOwner;
  readonly #bounds: BodyBounds;
  #kept: Buffer[] | undefined = [];
  #length = 0;
  #isWhole: boolean;
  /** Whoever reads it at the moment. */
  #reader: Readable | undefined;
  #hasBegun = false;

  constructor(source: IncomingMessage, bounds: BodyBounds, owner: BodyOwner) {
    this.#source = source;
    this.#owner = owner;
    this.#bounds = bounds;
    this.#isWhole = !bounds.hasBody;
  }

  /** Whether the client has sent all of it. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Whether it was asked for. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether another worker can get all that was read so far. */
  get isAtHand(): boolean {
    return this.#kept !== undefined;
  }

  /** For the next worker: what is kept, then what still comes. Nothing is read before {@link flow}. */
  open(): Readable {
    this.#reader?.destroy();
    this.#reader = new Readable({ read: () => this.#wanted() });
    return this.#reader;
  }

  /** The worker is there: lets it have the body. */
  flow(): void {
    const reader = this.#reader!;
    for (const part of this.#kept ?? []) reader.push(part);
    if (this.#isWhole) reader.push(null);
    if (!this.#hasBegun) this.#source.on('data', (part: Buffer) => this.#take(part)).on('end', () => this.#end());
    this.#hasBegun = true;
    this.#source.resume();
  }

  /** Waits with what still comes: there is no worker at the moment. */
  hold(): void {
    this.#reader?.destroy();
    this.#reader = undefined;
    if (!this.#isWhole) this.#source.pause();
  }

  /** Nobody wants it any more: what still comes is read over. */
  discard(): void {
    this.#kept = undefined;
    this.#reader?.destroy();
    this.#reader = undefined;
    this.#source.resume();
  }

  #take(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#bounds.max) return this.#owner.bodyTooLarge();
    if (this.#length > this.#bounds.maxKept) this.#kept = undefined;
    else this.#kept?.push(part);
    if (this.#reader === undefined) return;
    const isBackedUp = !this.#reader.push(part);
    if (isBackedUp) this.#source.pause();
    this.#owner.bodyMoved(isBackedUp);
  }

  #end(): void {
    if (this.#isWhole) return; // a request without a body
    this.#isWhole = true;
    this.#reader?.push(null);
    this.#owner.bodyEnded();
  }

  #wanted(): void {
    if (!this.#hasBegun || this.#isWhole || !this.#source.isPaused()) return;
    this.#source.resume();
    this.#owner.bodyMoved(false);
  }
}
