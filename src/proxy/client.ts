import { type Socket, isIPv6 } from 'node:net';
import { plainAddress, subscriberOf } from '../core/address.js';
import { CLIENT_FIELD, NO_ADDRESS } from '../core/messages.cjs';
import { UNIX } from '../core/networks.js';
import type { Ends, InternetEnds } from '../core/proxy-protocol.cjs';
import { hashOf } from './hash.js';
import { type Receive, readAccepted } from './reading.js';

/** An accepted connection, and who is at its other end. */
export class Client {
  #socket: Socket;
  #ends: Ends | undefined;
  #fieldLine: Buffer | undefined;
  #hash: number | undefined;
  #told: Buffer | undefined;
  #early: Buffer | undefined;

  /**
   * @param socket paused and not yet read, but for `early`
   * @param ends who it is, where the socket itself does not tell: at a Unix socket, or behind a proxy
   * @param early what came with the proxy's header, and is the client's own
   */
  constructor(socket: Socket, ends?: Ends, early?: Buffer) {
    this.#socket = socket;
    this.#ends = ends;
    if (early !== undefined && early.length > 0) this.#early = early;
  }

  /** Another one from {@link read} on. */
  get socket(): Socket {
    return this.#socket;
  }

  /** Both ends of the client's connection, in the form that Node shows them; undefined once it is gone, if nobody has asked before. */
  get ends(): Ends | undefined {
    return (this.#ends ??= endsOf(this.#socket));
  }

  /** The client's IP address in the form that Node shows it; undefined at a Unix socket, or once it is gone. */
  get address(): string | undefined {
    const { ends } = this;
    return ends?.family === 'Unix' ? undefined : ends?.sourceAddress;
  }

  /** What stands for the client's address where it is hashed: 32 bits that an IPv6 /64 shares; undefined without an address. */
  get hash(): number | undefined {
    if (this.#hash !== undefined) return this.#hash;
    const { address } = this;
    return address === undefined ? undefined : (this.#hash = hashOf(subscriberOf(address)));
  }

  /** The address, or `unix`, by which it is trusted or not; undefined once it is gone. */
  get peer(): string | undefined {
    return this.ends?.family === 'Unix' ? UNIX : this.address;
  }

  /** The same for people: an IPv4 address without the dress that a dual-stack port gives it; empty once it is gone. */
  get told(): Buffer {
    return (this.#told ??= inPlainWords(this.peer));
  }

  /** How many of the bytes that the socket has read are still to be delivered to its reader. */
  get earlyLength(): number {
    return this.#early?.length ?? 0;
  }

  /** Reads into the shared buffer from now on; the socket that does so. */
  read(receive: Receive): Socket {
    const early = this.#early;
    this.#early = undefined;
    const socket = (this.#socket = readAccepted(this.#socket, receive));
    // When the reader is ready for it, and before the event loop can read further bytes.
    if (early !== undefined) process.nextTick(deliver, socket, receive, early);
    return socket;
  }

  /** The socket itself, for a reader of Node's: paused, with all that is the client's still in it. */
  asStream(): Socket {
    if (this.#early !== undefined) this.#socket.unshift(this.#early);
    this.#early = undefined;
    return this.#socket;
  }

  /** The line that tells the agent, request by request, whose request it is; empty when that can't be said any more. */
  get fieldLine(): Buffer {
    return (this.#fieldLine ??= fieldLineOf(this.ends));
  }
}

function deliver(socket: Socket, receive: Receive, early: Buffer): void {
  if (!socket.destroyed) receive(early, early.length);
}

function endsOf(socket: Socket): Ends | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  if (localAddress === undefined || localPort === undefined) return undefined;
  return {
    family: isIPv6(remoteAddress) ? 'IPv6' : 'IPv4',
    sourceAddress: remoteAddress,
    sourcePort: remotePort,
    destinationAddress: localAddress,
    destinationPort: localPort,
  };
}

function fieldLineOf(ends: Ends | undefined): Buffer {
  if (ends === undefined) return Buffer.alloc(0);
  return Buffer.from(`${CLIENT_FIELD}: ${ends.family === 'Unix' ? NO_ADDRESS : inWords(ends)}\r\n`, 'latin1');
}

const inWords = ({ sourceAddress, sourcePort, destinationAddress, destinationPort }: InternetEnds) =>
  `${sourceAddress} ${sourcePort} ${destinationAddress} ${destinationPort}`;

/** An address in plain words, where it is one. */
const inPlainWords = (peer = ''): Buffer => Buffer.from(plainAddress(peer) ?? peer, 'latin1');
