import { close, fstat, type Stats, write } from 'node:fs';
import { promisify } from 'node:util';
import { AsciiPage } from '../core/ascii-page.js';

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
  #written = Promise.resolve();

  /**
   * @param file its descriptor, which is closed here
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
    if (!isAdded && this.#full.length === this.#most) return undefined;
    if (isAdded) last.put(page.written);
    else this.#full.push(page);
    const next = isAdded ? page : (this.#spare ?? new AsciiPage(page.bytes.length));
    if (next === this.#spare) this.#spare = undefined;
    next.length = 0;
    this.#write();
    return next;
  }

  /** What the newest page goes to. */
  async stat(): Promise<Stats> {
    return promisify(fstat)(this.#nextFile);
  }

  /** Pages go there from now on; the former file is closed. */
  moveTo(file: number): void {
    if (this.#nextFile !== this.#file) close(this.#nextFile);
    this.#nextFile = file;
    this.#write();
  }

  /** Resolves when all has been written, or nothing gets on any more. */
  async settled(): Promise<void> {
    await this.#written;
  }

  close(): void {
    if (this.#nextFile !== this.#file) close(this.#nextFile);
    close(this.#file);
  }

  #write(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#written = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    try {
      await this.#turnOver();
      for (let page = this.#full[0]; page !== undefined; page = this.#full[0]) {
        const { bytesWritten } = await promisify(write)(this.#file, page.bytes, this.#at, page.length - this.#at);
        this.#at += bytesWritten;
        if (this.#at < page.length) continue; // more may have been added to it in the meantime
        this.#done(page);
        await this.#turnOver();
      }
    } catch (error) {
      this.#onError(error as Error);
    } finally {
      this.#isWriting = false; // at once: whoever comes next begins again
    }
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
