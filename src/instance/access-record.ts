import { resolve } from 'node:path';
import type { Config } from '../core/config.js';
import type { Entry, Journal } from '../core/journal.js';
import { printable } from '../core/printable.js';
import type { Ledger } from '../ledger.js';
import { AccessLog, type Take } from '../proxy/access-log.js';
import { startFolder } from '../supervisor/start-folder.js';
import { AccessFile } from './access-file.js';

/** How often it is told that entries were dropped (ms). */
const COMPLAINT_MS = 10_000;

/** Takes whole lines without ever making anybody wait; false when it has no room for them. */
export type Print = (text: string) => boolean;

/** The access log of an instance, where there is one: what is written down, and to where. */
export class AccessRecord {
  readonly #log: AccessLog;
  readonly #file: AccessFile | undefined;
  readonly #journal: Journal;
  #told = 0;
  #toldAt = -Infinity;

  /**
   * @param print takes the lines that go to the log; without it, they are entries of the journal
   * @throws {ZdlbError} `start`, when the file cannot be written to
   */
  static open(config: Config, journal: Journal, print?: Print): AccessRecord | undefined {
    const { accessLog, name = '' } = config;
    if (accessLog === 'off') return undefined;
    const file = accessLog === 'on' ? undefined : new AccessFile(resolve(startFolder, accessLog), journal);
    if (file === undefined) return new AccessRecord(name, journal, printed(print ?? entriesOf(journal)));
    return new AccessRecord(name, journal, file.take.bind(file), file);
  }

  private constructor(name: string, journal: Journal, take: Take, file?: AccessFile) {
    this.#journal = journal;
    this.#file = file;
    this.#log = new AccessLog(name, (page) => take(page) ?? this.#dropped(), file && AccessFile.pageSize);
  }

  /** Writes down what becomes of a front's requests. */
  keep(ledger: Ledger, config: Config): void {
    ledger.requests.log = this.#log;
    ledger.configure(config);
  }

  async close(): Promise<void> {
    this.#log.flush();
    await this.#file?.close();
  }

  #dropped(): undefined {
    queueMicrotask(() => this.#complain());
  }

  #complain(): void {
    if (performance.now() - this.#toldAt < COMPLAINT_MS) return;
    this.#toldAt = performance.now();
    const entries = this.#log.dropped - this.#told;
    this.#told = this.#log.dropped;
    const message = `${entries} entries of the access log were dropped: what reads it is too slow`;
    this.#journal.warn({ event: 'access-log.dropped', entries }, message);
  }
}

const printed =
  (print: Print): Take =>
  (page) =>
    print(page.text) ? page : undefined;

const entriesOf =
  (journal: Journal): Print =>
  (text) => {
    for (const line of text.trimEnd().split('\n')) {
      const { level: _level, name: _name, time: _time, ...entry } = JSON.parse(line) as Entry;
      journal.info(
        entry,
        printable(`${String(entry['method'])} ${String(entry['target'])} ${String(entry['status'])}`),
      );
    }
    return true;
  };
