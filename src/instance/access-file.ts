import { constants, open, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { AsciiPage } from '../core/ascii-page.js';
import { withinTime } from '../core/deadline.js';
import { ZdlbError, messageOf, systemCode } from '../core/errors.js';
import type { Journal } from '../core/journal.js';
import { PageWriter, letGoOf } from './page-writer.js';

/** Beyond so many pages that the disk has not taken, entries are dropped: 16 MiB. */
const MAX_UNWRITTEN = 64;
/** How often it is looked whether the file has been moved away, and how often a failing disk is named (ms). */
const LOOK_MS = 1_000;
const COMPLAINT_MS = 10_000;
const { O_APPEND, O_CREAT, O_WRONLY, O_NONBLOCK } = constants;
/** A pipe or a terminal would else hold a thread until its reader comes, and as long as that does not read; to a disk it makes no difference. */
const FLAGS = O_APPEND | O_CREAT | O_WRONLY | O_NONBLOCK;
/** What clients ask for may have secrets in it. */
const OWNER_ONLY = 0o600;
/** How long the end waits for the disk (ms). */
const CLOSE_MS = 1_000;

/**
 * A file that pages of lines are appended to. When it has been moved away or removed, as logrotate does, a new one is begun in
 * its place within a second: no signal is needed, and none of the front's has to mean two things.
 */
export class AccessFile {
  /** A write wakes a thread, and later the front: that is worth it for many lines. */
  static readonly pageSize = 256 * 1024;
  readonly #path: string;
  readonly #journal: Journal;
  readonly #writer: PageWriter;
  #lookedAt = performance.now();
  #complainedAt = -Infinity;
  #isClosed = false;

  /** @throws {ZdlbError} `start`, when it cannot be written to */
  constructor(path: string, journal: Journal) {
    this.#path = path;
    this.#journal = journal;
    let file;
    try {
      file = openSync(path, FLAGS, OWNER_ONLY);
    } catch (error) {
      throw new ZdlbError('start', `Cannot write the access log ${path}: ${explain(error)}`, { cause: error });
    }
    this.#writer = new PageWriter(file, MAX_UNWRITTEN, (error) => this.#complain(error));
  }

  /** Takes a page of whole lines, and gives an empty one; undefined when the disk has too much to do already. */
  take(page: AsciiPage): AsciiPage | undefined {
    if (this.#isClosed) return undefined;
    if (performance.now() - this.#lookedAt >= LOOK_MS) void this.#look();
    return this.#writer.take(page);
  }

  /** Resolves when all has been written, or the disk has had a second for it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // A disk that takes nothing must not hold up the stop, nor a pipe that nobody reads.
    this.#writer.goOn();
    await withinTime(CLOSE_MS, this.#writer.settled());
    this.#writer.close();
  }

  async #look(): Promise<void> {
    this.#lookedAt = performance.now();
    if ((await this.#isInPlace()) || this.#isClosed) return;
    try {
      const file = await promisify(open)(this.#path, FLAGS, OWNER_ONLY);
      if (this.#isClosed) letGoOf(file);
      else this.#writer.moveTo(file);
    } catch (error) {
      this.#complain(error as Error);
    }
  }

  /** Whether what is at the path is what is written to. */
  async #isInPlace(): Promise<boolean> {
    const ours = await this.#writer.stat().catch(() => undefined);
    const there = await stat(this.#path).catch(() => undefined);
    return ours === undefined || (there?.ino === ours.ino && there.dev === ours.dev);
  }

  #complain(error: Error): void {
    if (performance.now() - this.#complainedAt < COMPLAINT_MS) return;
    this.#complainedAt = performance.now();
    const reason = explain(error);
    const message = `Cannot write the access log ${this.#path}: ${reason}. It is tried on`;
    this.#journal.warn({ event: 'access-log.failed', reason }, message);
  }
}

const explain = (error: unknown): string =>
  systemCode(error) === 'ENXIO'
    ? 'nobody reads what is there. If it is a pipe, start its reader first'
    : messageOf(error);
