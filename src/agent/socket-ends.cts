import { Socket } from 'node:net';
import type { Header } from '../core/proxy-protocol.cjs';

/** One end of a connection, in the form of Node's getpeername() and getsockname(). */
export interface End {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly port: number;
}

/** What a socket of the program shall show: the client's connection to the front in place of the front's to the worker. */
export interface ShownEnds {
  /** Absent: the socket's own. */
  readonly peer?: Partial<End>;
  readonly local: Partial<End>;
}

/** Where the ends of a socket come from: whoever asks gets them as they are then. */
export interface EndsSource {
  readonly ends: ShownEnds;
}

const SOURCES = new WeakMap<object, EndsSource>();

export function show(socket: Socket, source: EndsSource): void {
  SOURCES.set(socket, source);
}

/** @param publicEnd of the server, for who does not say where the client has connected to */
export function shownEnds({ ends }: Header, publicEnd: () => End): ShownEnds {
  if (ends === undefined) return { local: publicEnd() };
  if (ends.family === 'Unix') return { peer: {}, local: {} };
  return {
    peer: { address: ends.sourceAddress, family: ends.family, port: ends.sourcePort },
    local: { address: ends.destinationAddress, family: ends.family, port: ends.destinationPort },
  };
}

/**
 * Node's internals: `remoteAddress`, `remotePort`, `localPort`, `address()` and the like read `_getpeername()` and
 * `_getsockname()` (the properties themselves can't be redefined). A TLS socket has the raw one as its `_parent`.
 */
interface Internals {
  _getpeername?: (this: Socket) => Partial<End>;
  _getsockname?: (this: Socket) => Partial<End>;
  _parent?: object | null | undefined;
}

export function showMappedEnds(): void {
  const prototype = Socket.prototype as Socket & Internals;
  const { _getpeername: getpeername, _getsockname: getsockname } = prototype;
  if (getpeername === undefined || getsockname === undefined) return;
  prototype._getpeername = function _getpeername() {
    return shownBy(this)?.peer ?? getpeername.call(this);
  };
  prototype._getsockname = function _getsockname() {
    return shownBy(this)?.local ?? getsockname.call(this);
  };
}

function shownBy(socket: Socket & Internals): ShownEnds | undefined {
  const source = SOURCES.get(socket) ?? (socket._parent && SOURCES.get(socket._parent));
  return source?.ends;
}
