import type { Server } from 'node:http';
import { Socket } from 'node:net';

/** A server that may know which of its connections are idle. */
export type MaybeHttp = Partial<Pick<Server, 'closeIdleConnections'>>;

/**
 * The connections of an HTTP server on which nothing is asked: not a byte of a head that its parser has begun, no answer under
 * way. Node tells it only by closing them, so for the length of that call closing means to be named.
 */
export function idleConnections(server: MaybeHttp): readonly Socket[] {
  if (server.closeIdleConnections === undefined) return [];
  const idle: Socket[] = [];
  const prototype = Socket.prototype as Partial<Socket>;
  const own = Object.getOwnPropertyDescriptor(prototype, 'destroy');
  prototype.destroy = function (this: Socket) {
    idle.push(this);
    return this;
  };
  try {
    server.closeIdleConnections();
  } finally {
    delete prototype.destroy;
    if (own !== undefined) Object.defineProperty(prototype, 'destroy', own);
  }
  return idle;
}
