import { closeSync, fstat, openSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { destination } from 'pino';
import { withinTime } from '../core/deadline.js';
import { ZdlbError, messageOf } from '../core/errors.js';
import type { Journal } from '../core/journal.js';

/** Beyond this many bytes that the disk has not taken, entries are dropped. */
const MAX_UNWRITTEN = 16 * 1024 * 1024;
/** How often it is looked whether the file has been moved away, and how often a failing disk is named (ms). */
const LOOK_MS = 1_000;
const COMPLAINT_MS = 10_000;
/** What clients ask for may have secrets in it. */
const OWNER_ONLY = 0o600;
/** How long the end waits for the disk (ms). */
const CLOSE_MS = 1_000;

/**
 * A file that lines are appended to by a thread, as pino does it. When it has been moved away or removed, as logrotate does, a new one
 * is begun in its place within a second: no signal is needed, and none of the front's has to mean two things.
 */
export class AccessFile {
  readonly #path: string;
  readonly #journal: Journal;
  readonly #out: ReturnType<typeof destination>;
  #lookedAt = performance.now();
  #complainedAt = -Infinity;
  #hasDropped = false;
  #isClosed = false;

  /** @throws {ZdlbError} `start`, when it cannot be written to */
  constructor(path: string, journal: Journal) {
    this.#path = path;
    this.#journal = journal;
    try {
      closeSync(openSync(path, 'a', OWNER_ONLY));
    } catch (error) {
      throw new ZdlbError('start', `Cannot write the access log ${path}: ${messageOf(error)}`, { cause: error });
    }
    this.#out = destination({
      dest: path,
      sync: false,
      append: true,
      mode: OWNER_ONLY,
      maxLength: MAX_UNWRITTEN,
      contentMode: 'buffer',
    });
    // It tries again with the next lines.
    this.#out.on('error', (error: Error) => this.#complain(error));
    this.#out.on('drop', () => (this.#hasDropped = true));
  }

  /** Takes whole lines in ASCII; false when the disk has too much to do already. */
  take(text: string): boolean {
    if (this.#isClosed) return false;
    this.#hasDropped = false;
    this.#out.write(Buffer.from(text, 'latin1') as unknown as string);
    if (performance.now() - this.#lookedAt >= LOOK_MS) void this.#look();
    return !this.#hasDropped;
  }

  /** Resolves when all has been written, or the disk has had a second for it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = once(this.#out, 'close');
    this.#out.end();
    // A disk that still takes nothing must not fail the stop, nor be tried once more at the exit.
    const isWritten = await withinTime(CLOSE_MS, closed).catch(() => false);
    if (!isWritten) this.#out.destroy();
  }

  async #look(): Promise<void> {
    this.#lookedAt = performance.now();
    if ((await this.#isInPlace()) || this.#isClosed) return;
    try {
      await (await open(this.#path, 'a', OWNER_ONLY)).close(); // reopen() would tell of a failure only once it has none to write to
      if (!this.#isClosed) this.#out.reopen();
    } catch (error) {
      this.#complain(error as Error);
    }
  }

  /** Whether what is at the path is what is written to. */
  async #isInPlace(): Promise<boolean> {
    const ours = await promisify(fstat)((this.#out as unknown as { readonly fd: number }).fd).catch(() => undefined);
    const there = await stat(this.#path).catch(() => undefined);
    return ours === undefined || (there?.ino === ours.ino && there.dev === ours.dev);
  }

  #complain(error: Error): void {
    if (performance.now() - this.#complainedAt < COMPLAINT_MS) return;
    this.#complainedAt = performance.now();
    const reason = messageOf(error);
    const message = `Cannot write the access log ${this.#path}: ${reason}. It is tried on`;
    this.#journal.warn({ event: 'access-log.failed', reason }, message);
  }
}
