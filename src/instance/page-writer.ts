import { close, fstat, type Stats, write } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AsciiPage } from '../core/ascii-page.js';
import { systemCode } from '../core/errors.js';

/** How long a pipe that is full is left to its reader before it is tried again (ms): at 64 KiB each time, 13 MB/s. */
const FULL_PIPE_MS = 5;

/**
 * Appends pages to a file in the order in which they come, by a thread. They are used again and again: the front fills one
 * while the thread writes another, so that nothing is copied and no memory is asked for, as a logger's stream would.
 */
export class PageWriter {
  readonly #most: number;
  readonly #onError: (error: Error) => void;
  /** To be written; the first one is at it. */
  readonly #full: AsciiPage[] = [];
  #spare: AsciiPage | undefined;
  /** How much of the first one has been written. */
  #at = 0;
  #file: number;
  /** Where the next page goes: a page that was begun is ended where it was begun. */
  #nextFile: number;
  #isWriting = false;
  #isClosed = false;
  #settled = Promise.resolve();

  /**
   * @param file its descriptor, which is closed here; of a pipe, one that does not block: a thread in write(2) holds up the exit
   * @param most so many pages may wait
   * @param onError told why it does not get on; it is tried again with the next page
   */
  constructor(file: number, most: number, onError: (error: Error) => void) {
    this.#file = file;
    this.#nextFile = file;
    this.#most = most;
    this.#onError = onError;
  }

  /** Takes a page, and gives an empty one for it; undefined when too many wait already. */
  take(page: AsciiPage): AsciiPage | undefined {
    const last = this.#full.at(-1);
    const isAdded = last !== undefined && last.room >= page.length;
    if (!isAdded && this.#full.length === this.#most) {
      this.goOn(); // what waits may have failed, and nobody else would try it again
      return undefined;
    }
    if (isAdded) last.put(page.written);
    else this.#full.push(page);
    const next = isAdded ? page : (this.#spare ?? new AsciiPage(page.bytes.length));
    if (next === this.#spare) this.#spare = undefined;
    next.length = 0;
    this.goOn();
    return next;
  }

  /** What the newest page goes to. */
  async stat(): Promise<Stats> {
    return promisify(fstat)(this.#nextFile);
  }

  /** Pages go there from now on; the former file is closed. */
  moveTo(file: number): void {
    if (this.#nextFile !== this.#file) letGoOf(this.#nextFile);
    this.#nextFile = file;
    this.goOn();
  }

  /** Goes on with what waits, also where it could not be written before. */
  goOn(): void {
    if (this.#isWriting || this.#isClosed) return;
    this.#isWriting = true;
    this.#settled = this.#writeAll();
  }

  /** Resolves when all has been written, or nothing gets on any more. */
  async settled(): Promise<void> {
    await this.#settled;
  }

  /** Lets go of the file, as soon as no thread is at it. What has not been written is lost. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isWriting) this.#letGo();
  }

  async #writeAll(): Promise<void> {
    try {
      while (!this.#isClosed) {
        await this.#turnOver();
        const [page] = this.#full;
        if (page === undefined) return;
        this.#at += await this.#writeSome(page);
        if (this.#at === page.length) this.#done(page); // more may have been added to it in the meantime
      }
    } catch (error) {
      this.#onError(error as Error);
    } finally {
      this.#isWriting = false; // at once: whoever comes next begins again
      if (this.#isClosed) this.#letGo();
    }
  }

  /** How many bytes of it were taken. */
  async #writeSome(page: AsciiPage): Promise<number> {
    try {
      return (await promisify(write)(this.#file, page.bytes, this.#at, page.length - this.#at)).bytesWritten;
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error;
      await pause(FULL_PIPE_MS, undefined, { ref: false });
      return 0;
    }
  }

  #letGo(): void {
    if (this.#nextFile !== this.#file) letGoOf(this.#nextFile);
    letGoOf(this.#file);
  }

  async #turnOver(): Promise<void> {
    if (this.#nextFile === this.#file || this.#at > 0) return;
    const former = this.#file;
    this.#file = this.#nextFile;
    await promisify(close)(former);
  }

  #done(page: AsciiPage): void {
    this.#at = 0;
    this.#full.shift();
    this.#spare = page;
  }
}

/** Closes a file behind a log. Without a callback, what a disk says of that (EIO, or EDQUOT over a network) would end the front. */
export function letGoOf(file: number): void {
  close(file, () => {});
}
