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
  /** Writes whole lines as they are, of no level, which nobody else hears; false when there was no room for them. */
  print(text: string): boolean;
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
  const inWords = isPretty ? await prettyLine(isOnTerminal && wantsColors()) : asItIs;
  let isBroken = false;
  const write = (line: string): void => {
    chronicle.write(line);
    if (!isBroken) sink.write(inWords(line));
  };
  const print = (text: string): boolean => !isBroken && sink.write(isPretty ? text.replaceAll(/.*\n/g, inWords) : text);
  // A reader that went away (EPIPE), or a terminal that was closed (EIO), never ends the front.
  sink.onBroken(() => {
    isBroken = true;
  });
  const journal = pino({ level: config.logLevel, base: { name } }, { write });
  return logOf(journal, print, async () => (isBroken || isMute(journal, config) ? undefined : closed(sink)));
}

/** Whether nothing is written. */
const isMute = ({ level }: Logger, { accessLog }: Config): boolean => level === 'silent' && accessLog !== 'on';

const asItIs = (line: string): string => line;

function logOf(journal: Logger, print: Log['print'], close: () => Promise<void>): Log {
  const hearers: ((entry: Entry) => void)[] = [];
  return {
    journal: overheard(journal, (entry) => {
      for (const hear of hearers) hear(entry);
    }),
    tell: (hear) => void hearers.push(hear),
    print,
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
