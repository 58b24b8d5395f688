import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Chronicle, isOwn } from './chronicle.js';

/** A reader that has not taken so many bytes gets no further entries until it has. */
const MAX_UNREAD = 1024 * 1024;
/** How often a reader is written to, so that one that went away is noticed (ms). */
const HEARTBEAT_MS = 15_000;

/** Which entries are told. */
interface Told {
  readonly last: (chronicle: Chronicle) => readonly string[];
  readonly isMeant: (line: string) => boolean;
}

/** By path: `/events` what zdlb does, `/logs` what the workers print as well. */
const TOLD: Readonly<Record<string, Told>> = {
  '/events': { last: ({ lastOwn }) => lastOwn, isMeant: isOwn },
  '/logs': { last: ({ last }) => last, isMeant: () => true },
};

/** Whether a path is one to read on at. */
export const isBroadcast = (path: string) => Object.hasOwn(TOLD, path);

/**
 * Tells the log as server-sent events (WHATWG HTML 9.2), one entry each: the last ones, and, unless the query says `follow=no`, all
 * to come. Entries that a reader is too slow for are left out; a comment says how many.
 */
export function broadcast(chronicle: Chronicle, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const { last, isMeant } = TOLD[url.pathname]!;
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  let missed = 0;
  const tell = (line: string): void => {
    if (!isMeant(line)) return;
    if (response.writableLength > MAX_UNREAD) return void missed++;
    if (missed > 0) response.write(`: ${missed} entries left out\n\n`);
    missed = 0;
    response.write(`data: ${line.trimEnd()}\n\n`);
  };
  for (const line of last(chronicle)) tell(line);
  if (url.searchParams.get('follow') === 'no') return void response.end();
  const leave = chronicle.follow(tell);
  const heartbeat = setInterval(() => response.write(':\n\n'), HEARTBEAT_MS).unref();
  request.socket.once('close', () => {
    leave();
    clearInterval(heartbeat);
  });
}
