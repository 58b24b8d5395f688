import { isatty } from 'node:tty';
import { type DestinationStream, type Logger, destination, pino } from 'pino';
import type { Config } from '../core/config.js';

const STANDARD_OUTPUT = 1;
/** Beyond this many bytes that the reader of the log has not taken, entries are dropped: a log never stops the traffic. */
const MAX_UNREAD = 16 * 1024 * 1024;

/** The log on standard output. */
export interface Log {
  readonly journal: Logger;
  /** Whether it is written for a person at a terminal. */
  readonly isPretty: boolean;
  /** Writes what is still buffered. */
  flush(): void;
}

/** Opens the log: for people on a terminal, a JSON object a line elsewhere. */
export async function openLog(config: Config, name: string): Promise<Log> {
  const isPretty = config.logFormat === 'pretty' || (config.logFormat === undefined && isatty(STANDARD_OUTPUT));
  const out = destination({ dest: STANDARD_OUTPUT, sync: isPretty, maxLength: MAX_UNREAD });
  const stream = isPretty ? await prettified(out) : out;
  const journal = pino({ level: config.logLevel, base: { name } }, stream);
  // A reader that went away (EPIPE), or a terminal that was closed (EIO), never ends the front.
  out.on('error', () => {
    journal.level = 'silent';
  });
  return {
    journal,
    isPretty,
    flush() {
      if (journal.level !== 'silent') out.flushSync();
    },
  };
}

async function prettified(out: DestinationStream): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const format = prettyFactory({
    colorize: isatty(STANDARD_OUTPUT),
    translateTime: 'SYS:HH:MM:ss.l',
    include: 'time,level',
    messageFormat: (entry, messageKey) => {
      const message = String(entry[messageKey]);
      return entry['event'] === 'worker.output' ? `${String(entry['slot'])} | ${message}` : message;
    },
  });
  return {
    write(line) {
      out.write(format(line));
    },
  };
}
