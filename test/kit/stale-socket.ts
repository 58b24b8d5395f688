import { renameSync } from 'node:fs';
import { createServer } from 'node:net';

/** Leaves the file of a Unix socket on which nobody listens any more, as a process does that was killed. */
export function staleSocket(path: string): void {
  const server = createServer().listen(`${path}~`);
  renameSync(`${path}~`, path); // so that closing does not find it
  server.close();
}
