import { printable } from '../core/printable.js';

/** A line of the log as people read it; pino-pretty is loaded for those alone. */
export async function prettyLine(isColored: boolean): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  return prettyFactory({
    colorize: isColored,
    translateTime: 'SYS:HH:MM:ss.l',
    include: 'time,level',
    messageFormat: (entry, messageKey) => {
      const message = String(entry[messageKey]);
      if (entry['event'] === 'access') return accessInWords(entry);
      return entry['event'] === 'worker.output' ? `${String(entry['slot'])} | ${message}` : message;
    },
  });
}

/** An entry of the access log for people. */
function accessInWords(entry: Readonly<Record<string, unknown>>): string {
  const { client, method, target, status, bytes, totalMs, end } = entry as Readonly<Record<string, string>>;
  return printable(`${client} ${method ?? ''} ${JSON.stringify(target)} ${status} ${bytes} bytes ${totalMs} ms ${end}`);
}
