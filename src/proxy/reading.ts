import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';
import { type ReadBuffer, shared } from './read-buffer.js';

/** Gets the bytes [0, length) of `bytes`, to be used or copied before it returns. */
export type Receive = (bytes: Buffer, length: number) => void;

/** The `onread` option of a socket that reads into `buffer`, or into what a {@link ReadBuffer} gives it next. */
export function readingInto(buffer: Buffer | ReadBuffer['next'], receive: Receive): OnReadOpts {
  return {
    buffer: buffer as OnReadOpts['buffer'],
    callback(length: number, bytes: Uint8Array): boolean {
      receive(bytes as Buffer, length);
      return true;
    },
  };
}

/** What an accepted socket holds inside; not documented, so nothing outside this file may know of it. */
interface Accepted {
  _handle: { readonly useUserBuffer?: unknown } | null;
  _server: unknown;
  server: unknown;
}

/**
 * Makes an accepted, paused socket read into the shared buffer from now on.
 *
 * `onread` is public for sockets that connect, but not for those that a server accepts. So the accepted handle moves into
 * a new socket; the old one must forget it, and the new one must know the server, or `server.close()` would never end.
 * Where Node has no such handle any more, 'data' events do the same, only slower.
 */
export function readAccepted(accepted: Socket, receive: Receive): Socket {
  return canMove(accepted) ? move(accepted, { onread: readingInto(shared, receive) }) : readEvents(accepted, receive);
}

/**
 * Makes an accepted socket that was read by 'data' events what it was before: paused, and not read. Where it only stopped
 * flowing, its stream would go on to read, up to its high-water mark.
 */
export function unread(accepted: Socket): Socket {
  return canMove(accepted) ? move(accepted, { pauseOnCreate: true }) : accepted.pause();
}

function canMove(accepted: Socket): boolean {
  return typeof (accepted as unknown as Accepted)._handle?.useUserBuffer === 'function';
}

function move(accepted: Socket, options: object): Socket {
  const inside = accepted as unknown as Accepted;
  const socket = new Socket({
    handle: inside._handle,
    allowHalfOpen: true,
    readable: true,
    writable: true,
    ...options,
  } as SocketConstructorOpts);
  inside._handle = null;
  (socket as unknown as Accepted)._server = inside._server;
  (socket as unknown as Accepted).server = inside.server;
  return socket;
}

function readEvents(accepted: Socket, receive: Receive): Socket {
  accepted.on('data', (bytes) => receive(bytes, bytes.length));
  accepted.resume();
  return accepted;
}
