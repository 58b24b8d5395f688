/** A line of the log as people read it; pino-pretty is loaded for those alone. */
export async function prettyLine(isColored: boolean): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  return prettyFactory({
    colorize: isColored,
    translateTime: 'SYS:HH:MM:ss.l',
    include: 'time,level',
    messageFormat: (entry, messageKey) => {
      const message = String(entry[messageKey]);
      return entry['event'] === 'worker.output' ? `${String(entry['slot'])} | ${message}` : message;
    },
  });
}
