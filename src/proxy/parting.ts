import type { Socket } from 'node:net';
import { hasResets } from './reset.js';
import { unsentBytes } from './writing.js';

/**
 * Cuts a connection, so that its other end can tell that something is missing. A Unix socket knows no reset (Node throws): there it
 * sees an end in the middle of what it reads, or a reset if it had sent what nobody has read.
 */
export function cut(socket: Socket): void {
  // Node would wait for one that connects.
  if (!socket.destroyed && !socket.connecting && hasResets(socket)) socket.resetAndDestroy();
  else socket.destroy();
}

/** Ends a connection at once; when bytes are lost by it, so that a part does not look like the whole. */
export function drop(socket: Socket): void {
  if (unsentBytes(socket) > 0) cut(socket);
  else socket.destroy();
}

/** Ends a connection behind the bytes that are still to be sent; cuts it when none of them leaves for `ms` milliseconds. */
export function part(socket: Socket, ms: number): void {
  let unsent = Infinity;
  socket.setTimeout(ms, () => {
    // The stream knows nothing of what was written past it, so its clock does not see that some of it has left.
    const left = unsentBytes(socket);
    if (left === 0 || left >= unsent) drop(socket);
    else socket.setTimeout(ms);
    unsent = left;
  });
  socket.destroySoon();
}
