/**
 * How the front hands a client's connection to a worker (`--backend cluster`), on the worker's IPC channel: an {@link Offer} with
 * the socket's descriptor goes there, an {@link Answer} comes back.
 *
 * Node gives what has a `cmd` beginning with NODE_ to 'internalMessage': programs don't hear it, and a listener there, unlike
 * one for 'message', does not keep the program alive.
 */

export const OFFER = 'NODE_ZDLB_OFFER';
export const ANSWER = 'NODE_ZDLB_ANSWER';

/** A connection for the program's server on a public port. */
export interface Offer {
  readonly cmd: typeof OFFER;
  readonly id: number;
  /** The public port on which it was accepted. */
  readonly port: number;
  /** By {@link clock}: who comes to it later than this must leave it alone, since another worker has it by then. */
  readonly until: number;
}

export interface Answer {
  readonly cmd: typeof ANSWER;
  readonly id: number;
  /** Written before the first byte is read from the connection. */
  readonly isTaken: boolean;
}

/** Milliseconds of a clock that never jumps and is the same for all processes of the machine. */
export function clock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
