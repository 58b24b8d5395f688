import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { destination } from 'pino';

const STANDARD_OUTPUT = 1;
/** Beyond this many bytes that the reader of the log has not taken, entries are dropped: a log never stops the traffic. */
export const MAX_UNREAD = 16 * 1024 * 1024;

/** Where the log goes. Nothing here ever blocks. */
export interface Sink {
  /** False when it has no room, and has dropped it. */
  write(text: string): boolean;
  /** Calls `broken` when the reader is gone. */
  onBroken(broken: () => void): void;
  /** Calls `then` when everything has been taken; nothing will come after it. */
  flush(then: () => void): void;
}

/** Standard output, whatever it is. */
export function outputSink(): Sink {
  return isPipe() ? pipeSink() : fileSink();
}

/** A pipe is written without a thread. */
export function isPipe(): boolean {
  try {
    const status = fstatSync(STANDARD_OUTPUT);
    return status.isFIFO() || status.isSocket();
  } catch {
    return false;
  }
}

/** A pipe is written as a socket, which waits in the event loop and not in a thread. */
function pipeSink(): Sink {
  const socket = new Socket({ fd: STANDARD_OUTPUT, readable: false, writable: true });
  socket.unref();
  return {
    write(text) {
      const hasRoom = socket.writableLength < MAX_UNREAD;
      if (hasRoom) socket.write(text);
      return hasRoom;
    },
    onBroken: (broken) => void socket.on('error', broken),
    flush: (then) => void socket.write('', () => then()),
  };
}

/** A file or a terminal is written by a thread. */
function fileSink(): Sink {
  const out = destination({ dest: STANDARD_OUTPUT, sync: false, maxLength: MAX_UNREAD });
  let unwritten = 0;
  let hasDropped = false;
  out.on('write', (bytes: number) => (unwritten -= bytes));
  out.on('drop', (text: string) => {
    unwritten -= Buffer.byteLength(text);
    hasDropped = true;
  });
  return {
    write(text) {
      unwritten += Buffer.byteLength(text);
      hasDropped = false;
      out.write(text);
      return !hasDropped;
    },
    onBroken(broken) {
      out.on('error', () => {
        out.destroy(); // or it would try again at the exit, for ever
        broken();
      });
    },
    flush(then) {
      const check = () => void (unwritten <= 0 && then());
      out.on('write', check);
      check();
    },
  };
}
