import type { Entry, Journal } from './journal.js';

/** A journal whose entries somebody else hears too, of whatever level, before they are written. */
export function overheard(journal: Journal, hear: (entry: Entry) => void): Journal {
  const told = (level: keyof Journal) => (entry: Entry, message: string) => {
    hear(entry);
    journal[level](entry, message);
  };
  return { debug: told('debug'), info: told('info'), warn: told('warn'), error: told('error') };
}
