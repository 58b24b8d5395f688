import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';
import { type DestinationStream, type Logger, destination, pino } from 'pino';
import type { Config } from '../core/config.js';
import { withinTime } from '../core/deadline.js';
import type { Entry, Journal } from '../core/journal.js';
import { overheard } from '../core/overheard-journal.js';
import { wantsColors } from './palette.js';
import { prettyLine } from './pretty.js';

const STANDARD_OUTPUT = 1;
/** Beyond this many bytes that the reader of the log has not taken, entries are dropped: a log never stops the traffic. */
const MAX_UNREAD = 16 * 1024 * 1024;
/** How long the end waits for the reader of the log, in milliseconds. */
const CLOSE_MS = 1_000;

/** Where the log goes. Nothing here ever blocks. */
interface Sink extends DestinationStream {
  /** Calls `broken` when the reader is gone. */
  onBroken(broken: () => void): void;
  /** Calls `then` when everything has been taken. */
  flush(then: () => void): void;
}

/** The log on standard output. */
export interface Log {
  readonly journal: Journal;
  /** The least level that is written. */
  level: string;
  /** Tells `hear` every entry from now on, whatever its level. */
  tell(hear: (entry: Entry) => void): void;
  /** Resolves when everything has been written, or the reader has had a second for it. */
  close(): Promise<void>;
}

/**
 * Opens the log: for people on a terminal, a JSON object a line elsewhere.
 *
 * @param chronicle gets every line too
 */
export async function openLog(config: Config, name: string, chronicle: DestinationStream): Promise<Log> {
  const isPretty = config.logFormat === 'pretty' || (config.logFormat === undefined && isatty(STANDARD_OUTPUT));
  const sink = isPipe() ? pipeSink() : fileSink();
  const stream = isPretty ? await prettified(sink) : sink;
  let isBroken = false;
  const write = (line: string): void => {
    chronicle.write(line);
    if (!isBroken) stream.write(line);
  };
  // A reader that went away (EPIPE), or a terminal that was closed (EIO), never ends the front.
  sink.onBroken(() => {
    isBroken = true;
  });
  const journal = pino({ level: config.logLevel, base: { name } }, { write });
  return logOf(journal, async () => (isBroken || journal.level === 'silent' ? undefined : closed(sink)));
}

function logOf(journal: Logger, close: () => Promise<void>): Log {
  const hearers: ((entry: Entry) => void)[] = [];
  return {
    journal: overheard(journal, (entry) => {
      for (const hear of hearers) hear(entry);
    }),
    tell: (hear) => void hearers.push(hear),
    get level() {
      return journal.level;
    },
    set level(level) {
      journal.level = level;
    },
    close,
  };
}

async function closed(sink: Sink): Promise<void> {
  const isTaken = await withinTime(CLOSE_MS, new Promise<void>((resolve) => sink.flush(resolve)));
  // A terminal that was stopped with Ctrl-S holds a thread in write(2), for which a plain exit would wait for ever.
  if (!isTaken && !isPipe()) process.kill(process.pid, 'SIGKILL');
}

function isPipe(): boolean {
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
    write(line) {
      if (socket.writableLength < MAX_UNREAD) socket.write(line);
    },
    onBroken: (broken) => void socket.on('error', broken),
    flush: (then) => void socket.write('', () => then()),
  };
}

/** A file or a terminal is written by a thread. */
function fileSink(): Sink {
  const out = destination({ dest: STANDARD_OUTPUT, sync: false, maxLength: MAX_UNREAD });
  let unwritten = 0;
  out.on('write', (bytes: number) => (unwritten -= bytes));
  out.on('drop', (line: string) => (unwritten -= Buffer.byteLength(line)));
  return {
    write(line) {
      unwritten += Buffer.byteLength(line);
      out.write(line);
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

async function prettified(out: DestinationStream): Promise<DestinationStream> {
  const inWords = await prettyLine(wantsColors());
  return { write: (line) => out.write(inWords(line)) };
}
