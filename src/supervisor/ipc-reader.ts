import type { ChildProcess } from 'node:child_process';
import { ANSWER } from '../core/hand-over.cjs';
import { Lines } from './lines.js';

/** Longer lines are the program's: what is of interest has less than a hundred characters. */
const MAX_LINE = 1_024;

/** What Node's own side of a child says when it has got a descriptor, or got a message without the one that belongs to it. */
export const RECEIVED = 'NODE_HANDLE_ACK';
export const NOT_RECEIVED = 'NODE_HANDLE_NACK';

const WANTED: ReadonlySet<unknown> = new Set([ANSWER, RECEIVED, NOT_RECEIVED]);

/** Node's internals: the pipe of an IPC channel, which calls `onread` with what has come, and with nothing at its end. */
interface Pipe {
  onread?: (this: Pipe, bytes?: ArrayBuffer) => void;
}

/**
 * Reads a worker's IPC channel in Node's place, and passes on only what belongs to handing connections over.
 *
 * Node parses each line as JSON, and throws what is none where nothing can catch it; it buffers a line that does not end for
 * as long as memory lasts; and it asserts that a receipt answers something. So one write of the program to its descriptor 3
 * could end the front. Here such a line is dropped, and what the program says with process.send() is not even parsed.
 *
 * Where a Node keeps the pipe elsewhere, it reads the channel itself as ever.
 *
 * @param expects whether a receipt is due; another one is dropped
 */
export function readIpc(child: ChildProcess, expects: () => boolean, ended: () => void): void {
  const pipe = pipeOf(child);
  const read = pipe?.onread;
  if (pipe === undefined || typeof read !== 'function') return;
  const lines = new Lines(MAX_LINE, (line) => {
    const message = parse(line);
    if (message === undefined || (message.cmd !== ANSWER && !expects())) return;
    child.emit('internalMessage', message);
  });
  pipe.onread = function (bytes) {
    if (bytes !== undefined) return lines.write(Buffer.from(bytes));
    ended();
    read.call(this);
  };
}

function pipeOf(child: ChildProcess): Pipe | undefined {
  const key = Object.getOwnPropertySymbols(child).find(({ description }) => description === 'kChannelHandle');
  return key === undefined ? undefined : (child as unknown as Record<symbol, Pipe | undefined>)[key];
}

function parse(line: string): { readonly cmd: unknown } | undefined {
  if (!line.startsWith('{"cmd":"NODE_')) return undefined;
  try {
    const message = JSON.parse(line) as { readonly cmd: unknown };
    return WANTED.has(message.cmd) ? message : undefined;
  } catch {
    return undefined;
  }
}
