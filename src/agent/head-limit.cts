import http from 'node:http';

/**
 * What zdlb adds to a head at the most (bytes): the client field, 140, and, where options want them, X-Forwarded-* and
 * X-Request-Id, 512. In round figures.
 */
const ADDED = 1024;

/** What @types/node leaves out: the program's limit of a request head (bytes); 0 or undefined: that of `--max-http-header-size`. */
interface Limited {
  maxHeaderSize?: number | undefined;
}

/**
 * Has Node set up a connection with a head limit that is larger by what zdlb adds: a request that the program would have taken
 * without zdlb is not too large with it.
 *
 * Node's internals: the 'connection' listener of an http.Server tells the connection's parser `server.maxHeaderSize`, once. So
 * it need only be larger meanwhile, and the program sees its own at any other time.
 */
export function raiseHeadLimit(httpServer: http.Server, setUp: () => void): void {
  const server = httpServer as http.Server & Limited;
  const own = server.maxHeaderSize;
  const raised = (own || http.maxHeaderSize) + ADDED;
  server.maxHeaderSize = raised;
  try {
    setUp();
  } finally {
    if (server.maxHeaderSize === raised) server.maxHeaderSize = own; // else the program has just chosen another
  }
}
