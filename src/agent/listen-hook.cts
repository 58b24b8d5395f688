import type { EventEmitter } from 'node:events';
import { Server, type AddressInfo } from 'node:net';
import { constants } from 'node:os';
import type { PrivateAddress } from '../core/messages.cjs';
import type { End } from './socket-ends.cjs';

/** A listen() on a TCP port, its arguments checked and its host looked up by Node. */
export interface ListenCall {
  readonly server: Server;
  readonly port: number;
  /** As the program wrote it. */
  readonly host?: string;
  /** Looked up; absent with the host. */
  readonly address?: string;
  readonly ipv6Only: boolean;
  /** Set for `reusePort`. */
  readonly isShareable: boolean;
  /** Lets the server listen at a path, or at a free port on 127.0.0.1; undefined when that failed (Node tells the program). */
  listenPrivately(path: string | undefined): PrivateAddress | undefined;
  /** Tells the program what Node would if another socket held the port. */
  failAsTaken(): void;
}

export interface ListenHook {
  /** A server is about to listen, in whatever way: what held for its last listen() is void. */
  beforeListen(server: Server): void;
  /** @returns false for a call that shall take its native course. */
  onListen(call: ListenCall): boolean;
  /** What `address()` of a listening server shows; undefined for the native answer. */
  onAddress(server: Server): End | undefined;
}

/**
 * Node's internals: `listen()` checks its arguments, looks the host up and ends in `_listen2`, which binds. (It kept that
 * name "to avoid breaking code that wraps this method".) A port of -1 or null stands for a path, a descriptor or a handle.
 */
type Listen2 = (
  this: Server & { _handle: object | null },
  address: string | null,
  port: number | null,
  addressType: number | null,
  backlog?: number,
  fd?: number,
  flags?: number,
) => void;
interface Internals extends EventEmitter {
  _listen2: Listen2;
  _handle: object | null;
  readonly listening: boolean;
  listen: (this: Server, ...args: unknown[]) => Server;
  address: (this: Server) => AddressInfo | string | null;
}

/** What `_listen2` is not told of a listen(). */
interface Intent {
  readonly host: string | undefined;
  readonly isExclusive: boolean;
}

const LOOPBACK = '127.0.0.1';
/** The flags of libuv. Node 20 passes none where no host is named, and so does not mean them either. */
const IPV6_ONLY = 1;
const REUSE_PORT = 2;
/**
 * What the kernel allows (net.core.somaxconn is 4096 since Linux 5.4): the program's backlog is for its public port. A
 * connect() to a Unix socket with a full queue does not wait, it fails with EAGAIN.
 */
const BACKLOG = 4096;

/** @returns false when this Node lacks what the hook rests on: nothing is hooked. */
export function hookListen(hook: ListenHook): boolean {
  const prototype = Server.prototype as unknown as Internals;
  const { listen, address: nativeAddress, _listen2: nativeListen2 } = prototype;
  if (typeof nativeListen2 !== 'function') return false;
  const intents = new WeakMap<Server, Intent>();

  prototype.listen = function (...args) {
    intents.set(this, intentOf(args));
    return listen.apply(this, args);
  };

  prototype._listen2 = function _listen2(...args) {
    hook.beforeListen(this);
    const [address, port, , , fd, flags = 0] = args;
    const intent = intents.get(this);
    const isPort = typeof port === 'number' && port >= 0 && typeof fd !== 'number' && !this._handle;
    if (intent === undefined || intent.isExclusive || !isPort) return nativeListen2.apply(this, args);
    const call: ListenCall = {
      server: this,
      port,
      ...(intent.host !== undefined && { host: intent.host }),
      ...(address !== null && { address }),
      ipv6Only: (flags & IPV6_ONLY) !== 0,
      isShareable: (flags & REUSE_PORT) !== 0,
      listenPrivately: (path) => {
        if (path === undefined) nativeListen2.call(this, LOOPBACK, 0, 4, BACKLOG);
        else nativeListen2.call(this, path, -1, -1, BACKLOG);
        if (!this._handle) return undefined;
        return path === undefined ? { port: (nativeAddress.call(this) as AddressInfo).port } : { path };
      },
      failAsTaken: () => process.nextTick(() => this.emit('error', taken(address ?? '::', port))),
    };
    if (!hook.onListen(call)) nativeListen2.apply(this, args);
  };

  prototype.address = function () {
    return (this.listening ? hook.onAddress(this) : undefined) ?? nativeAddress.call(this);
  };
  return true;
}

/** listen(port, host, …) or listen({ port, host, exclusive }, …). */
function intentOf([first, second]: readonly unknown[]): Intent {
  const isOptions = typeof first === 'object' && first !== null;
  const { host, exclusive } = (isOptions ? first : { host: second }) as { host?: unknown; exclusive?: unknown };
  return { host: typeof host === 'string' && host !== '' ? host : undefined, isExclusive: Boolean(exclusive) };
}

function taken(address: string, port: number): Error {
  const message = `listen EADDRINUSE: address already in use ${address}:${port}`;
  const errno = -constants.errno.EADDRINUSE;
  return Object.assign(new Error(message), { code: 'EADDRINUSE', errno, syscall: 'listen', address, port });
}
