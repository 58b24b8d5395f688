import { type Socket, isIPv6 } from 'node:net';
import { subscriberOf } from '../core/address.js';
import { CLIENT_FIELD, NO_ADDRESS } from '../core/messages.cjs';
import type { Ends, InternetEnds } from '../core/proxy-protocol.cjs';
import { hashOf } from './hash.js';
import { type Receive, readAccepted } from './reading.js';

/** An accepted connection, and who is at its other end. */
export class Client {
  #socket: Socket;
  #ends: Ends | undefined;
  #fieldLine: Buffer | undefined;
  #hash: number | undefined;

  /**
   * @param socket paused and not yet read
   * @param ends who it is, where the socket itself does not tell: at a Unix socket, or behind a proxy
   */
  constructor(socket: Socket, ends?: Ends) {
    this.#socket = socket;
    this.#ends = ends;
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

  /** Reads into the shared buffer from now on; the socket that does so. */
  read(receive: Receive): Socket {
    return (this.#socket = readAccepted(this.#socket, receive));
  }

  /** The line that tells the agent, request by request, whose request it is; empty when that can't be said any more. */
  get fieldLine(): Buffer {
    return (this.#fieldLine ??= fieldLineOf(this.ends));
  }
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
