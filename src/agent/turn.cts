import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Node's internals: gives a request to the program; what is returned tells the parser whether a body follows. */
export type Give<Request extends IncomingMessage = IncomingMessage> = (request: Request, keepAlive: boolean) => unknown;

/** Node's internals: the response that is being written to a socket; null from its 'finish' on, a tick before its 'close'. */
interface Answering {
  readonly _httpMessage?: ServerResponse | null;
}

/**
 * Has the program get the requests of several clients on one connection in turn: each when the response before has closed.
 *
 * The front sends the next request when it has the last byte of an answer. A program may say end() only later (a file that
 * is piped behind a Content-Length, the head of an answer to HEAD), and Node would not wait: who then asks the first
 * request's socket for its address would be told the second client's. The front has one request under way on a connection, so
 * one is held at the most. Upgrades are not: the front opens a connection for each.
 */
export function inTurn<Request extends IncomingMessage>(
  socket: Socket & Answering,
  give: Give<Request>,
): Give<Request> {
  let isHolding = false;
  return (request, keepAlive) => {
    const open = socket._httpMessage;
    if (!open || (request as { upgrade?: boolean }).upgrade) return give(request, keepAlive);
    if (isHolding) return socket.destroy();
    isHolding = true;
    // In the context of its own connection, not of the request before: what a program keeps in AsyncLocalStorage is a client's.
    const context = new AsyncResource('zdlb.turn');
    const goOn = (): void => {
      isHolding = false;
      if (socket.writable) context.runInAsyncScope(give, undefined, request, keepAlive);
    };
    open.once('close', () => setImmediate(goOn)); // behind all that waits for this 'close', promises too
    return 0;
  };
}
