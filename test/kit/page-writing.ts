import { fstatSync, constants, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AsciiPage } from '../../src/core/ascii-page.js';
import { systemCode } from '../../src/core/errors.js';
import { PageWriter } from '../../src/instance/page-writer.js';
import { temporaryFolder } from './folder.ts';

/** Of a page, in bytes. */
export const SIZE = 64;
/** So many pages may wait. */
export const MOST = 4;
/** More than twice what a pipe holds. */
export const LARGE = 200_000;

const FLAGS = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NONBLOCK;
export const open = (path: string) => openSync(path, FLAGS, 0o600);

/** A page with a line of `length` bytes that begins with `number`. */
export function page(number: number, length = SIZE): AsciiPage {
  const filled = new AsciiPage(SIZE);
  filled.put(Buffer.from(line(number, length)));
  return filled;
}

export const line = (number: number, length = SIZE) => `${String(number).padEnd(length - 1, '.')}\n`;

/** A writer to a file of its own, or to `path`, and what it complained of. */
export function writing(path = join(temporaryFolder(), 'log'), most = MOST) {
  const errors: string[] = [];
  const file = open(path);
  const writer = new PageWriter(file, most, (error) => errors.push(systemCode(error)!));
  return { path, file, writer, errors };
}

/** Whether a descriptor is open, and still what it was. */
export function isOpen(file: number, path: string): boolean {
  try {
    return fstatSync(file).ino === statSync(path).ino;
  } catch {
    return false;
  }
}

/** Reads what is there at the moment, and tells how much was read in all. */
export function reading(reader: number): () => number {
  const bytes = Buffer.alloc(LARGE);
  let total = 0;
  return () => {
    try {
      total += readSync(reader, bytes, 0, bytes.length, null);
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error;
    }
    return total;
  };
}
