import { isatty } from 'node:tty';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from '../core/config.js';
import { withinTime } from '../core/deadline.js';
import type { Entry, Journal } from '../core/journal.js';
import { overheard } from '../core/overheard-journal.js';
import { wantsColors } from './palette.js';
import { prettyLine } from './pretty.js';
import { rotatedSink } from './rotated-log.js';
import { type Sink, isPipe, outputSink } from './sink.js';

const STANDARD_OUTPUT = 1;
/** How long the end waits for the reader of the log, in milliseconds. */
const CLOSE_MS = 1_000;

/** The log, on standard output or in a file. */
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
 * @throws {ZdlbError} `start`, when the log file is not to be had
 */
export async function openLog(config: Config, name: string, chronicle: DestinationStream): Promise<Log> {
  const { logFile, logFormat } = config;
  const isOnTerminal = logFile === undefined && isatty(STANDARD_OUTPUT);
  const sink = logFile === undefined ? outputSink() : await rotatedSink(logFile, config);
  const isPretty = logFormat === 'pretty' || (logFormat === undefined && isOnTerminal);
  const stream = isPretty ? await prettified(sink, isOnTerminal && wantsColors()) : sink;
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

async function prettified(out: DestinationStream, isColoured: boolean): Promise<DestinationStream> {
  const inWords = await prettyLine(isColoured);
  return { write: (line) => out.write(inWords(line)) };
}
