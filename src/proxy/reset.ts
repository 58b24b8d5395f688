import type { Socket } from 'node:net';
import { unsentBytes } from './writing.js';

const NOTHING = Buffer.alloc(0);

/**
 * A socket that is not read does not tell that it was reset. Sending no byte asks the kernel, and the answer comes as the socket's
 * error. (Not at a Unix socket, where that fails as soon as the other side has closed, though what it sent may still be read.)
 */
export function askUnread(socket: Socket): void {
  if (socket.isPaused() && canAsk(socket)) socket.write(NOTHING);
}

/**
 * Calls `then` when the other side has ended. Node 20 tells a reset as an end, too, when it comes right behind bytes, or while the
 * socket is not read (libuv takes a hang-up behind a short read for the end): then an error follows, and `then` is not called.
 */
export function onEnd(socket: Socket, then: () => void): void {
  socket.on('end', () => {
    if (canAsk(socket)) socket.write(NOTHING, (error) => error ?? then());
    else then();
  });
}

/** While bytes are still to be sent, the kernel tells by itself. */
function canAsk(socket: Socket): boolean {
  return socket.writable && hasResets(socket) && unsentBytes(socket) === 0;
}

/** Unix sockets have none, nor local addresses. (A remote address is not to be had either once a TCP socket was reset.) */
export function hasResets(socket: Socket): boolean {
  return socket.localAddress !== undefined;
}
