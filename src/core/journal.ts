/** What every log entry carries: a stable name for machines, such as `reload.done`. */
export interface Entry {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Where the parts of zdlb write what they did; a pino logger is one. */
export interface Journal {
  debug(entry: Entry, message: string): void;
  info(entry: Entry, message: string): void;
  warn(entry: Entry, message: string): void;
  error(entry: Entry, message: string): void;
}
