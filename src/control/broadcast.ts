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

/** What a query may say of what is told. */
interface Wish {
  /** Only what is of the worker in this slot. */
  readonly slot: number | undefined;
  /** No more than so many of the last entries. */
  readonly last: number;
  readonly follows: boolean;
}

/** Whether a path is one to read on at. */
export const isBroadcast = (path: string) => Object.hasOwn(TOLD, path);

/**
 * Tells the log as server-sent events (WHATWG HTML 9.2), one entry each: the last ones (`last=N` of them at most), and, unless the query
 * says `follow=no`, all to come; with `slot=N` only what is of the worker in that slot. Entries that a reader is too slow for are left out; a comment says how many.
 */
export function broadcast(chronicle: Chronicle, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const told = TOLD[url.pathname]!;
  const wish = wishOf(url.searchParams);
  const isMeant = (line: string) => told.isMeant(line) && (wish.slot === undefined || isOf(wish.slot, line));
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  let missed = 0;
  const tell = (line: string): void => {
    if (!isMeant(line)) return;
    if (response.writableLength > MAX_UNREAD) return void missed++;
    if (missed > 0) response.write(`: ${missed} entries left out\n\n`);
    missed = 0;
    response.write(`data: ${line.trimEnd()}\n\n`);
  };
  for (const line of lastOf(told.last(chronicle).filter(isMeant), wish.last)) tell(line);
  if (!wish.follows) return void response.end();
  const leave = chronicle.follow(tell);
  const heartbeat = setInterval(() => response.write(':\n\n'), HEARTBEAT_MS).unref();
  request.socket.once('close', () => {
    leave();
    clearInterval(heartbeat);
  });
}

function wishOf(query: URLSearchParams): Wish {
  const slot = numberIn(query, 'slot');
  return { slot, last: numberIn(query, 'last') ?? Infinity, follows: query.get('follow') !== 'no' };
}

function numberIn(query: URLSearchParams, key: string): number | undefined {
  const text = query.get(key);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

const lastOf = (lines: readonly string[], count: number) => lines.slice(Math.max(0, lines.length - count));

/** Within a text, the quotes of JSON are escaped, so nothing that a worker prints looks like it. */
const isOf = (slot: number, line: string) => line.includes(`"slot":${slot},`);
