import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AsciiPage } from '../../../src/core/ascii-page.js';
import { systemCode } from '../../../src/core/errors.js';
import { PageWriter } from '../../../src/instance/page-writer.js';
import { temporaryFolder } from '../../kit/folder.ts';

const SIZE = 64;
const MOST = 4;
/** More than twice what a pipe holds. */
const LARGE = 200_000;

const FLAGS = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NONBLOCK;
const open = (path: string) => openSync(path, FLAGS, 0o600);

/** A page with a line of `length` bytes that begins with `number`. */
function page(number: number, length = SIZE): AsciiPage {
  const filled = new AsciiPage(SIZE);
  filled.put(Buffer.from(line(number, length)));
  return filled;
}

const line = (number: number, length = SIZE) => `${String(number).padEnd(length - 1, '.')}\n`;

/** A writer to a file of its own, or to `path`, and what it complained of. */
function writing(path = join(temporaryFolder(), 'log'), most = MOST) {
  const errors: string[] = [];
  const file = open(path);
  const writer = new PageWriter(file, most, (error) => errors.push(systemCode(error)!));
  return { path, file, writer, errors };
}

/** Whether a descriptor is open, and still what it was. */
function isOpen(file: number, path: string): boolean {
  try {
    return fstatSync(file).ino === statSync(path).ino;
  } catch {
    return false;
  }
}

/** Reads what is there at the moment, and tells how much was read in all. */
function reading(reader: number): () => number {
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

test('pages are appended in the order in which they come', async () => {
  const { path, writer, errors } = writing();
  for (let number = 0; number < 100; number++) {
    expect(writer.take(page(number))).toBeDefined();
    if (number % MOST === MOST - 1) await writer.settled();
  }
  await writer.settled();
  expect(readFileSync(path, 'latin1')).toBe(Array.from({ length: 100 }, (_, number) => line(number)).join(''));
  expect(errors).toEqual([]);
});

test('each page is given back empty, to be filled while another is written: two serve for ever', async () => {
  const { path, writer } = writing();
  const seen = new Set<AsciiPage>();
  let current = page(0);
  for (let number = 1; number <= 50; number++) {
    seen.add(current);
    const next = writer.take(current)!;
    expect(next.length).toBe(0);
    expect(next).not.toBe(current); // which the thread still reads
    next.put(Buffer.from(line(number)));
    current = next;
    await writer.settled();
  }
  expect(seen.size).toBe(2);
  expect(readFileSync(path, 'latin1')).toBe(Array.from({ length: 50 }, (_, number) => line(number)).join(''));
});

test('what fits is put behind the last page that waits, which takes no further one', async () => {
  const { path, writer } = writing(undefined, 1);
  expect(writer.take(page(0, 20))).toBeDefined();
  const short = page(1, 20);
  expect(writer.take(short)).toBe(short); // it was copied
  expect(short.length).toBe(0);
  expect(writer.take(page(2, 24))).toBeDefined();
  expect(writer.take(page(3, 2))).toBeUndefined(); // that one is full now, and no other may wait
  await writer.settled();
  expect(readFileSync(path, 'latin1')).toBe(line(0, 20) + line(1, 20) + line(2, 24));
});

test('when as many wait as may, none is taken, until some have been written', async () => {
  const { path, writer } = writing();
  const taken = Array.from({ length: MOST + 2 }, (_, number) => writer.take(page(number)) !== undefined);
  expect(taken).toEqual([true, true, true, true, false, false]);
  await writer.settled();
  expect(writer.take(page(9))).toBeDefined();
  await writer.settled();
  expect(readFileSync(path, 'latin1')).toBe([0, 1, 2, 3, 9].map((number) => line(number)).join(''));
});

test('a page that was begun is ended where it was begun, those behind it go to the next file, and the former is closed', async () => {
  const folder = temporaryFolder();
  const fifo = join(folder, 'former');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(reader));
  const lengthRead = reading(reader);
  const former = open(fifo);
  const writer = new PageWriter(former, MOST, (error) => expect.unreachable(error.message));
  const large = new AsciiPage(LARGE);
  large.put(Buffer.alloc(LARGE, 'x'));
  writer.take(large);
  await expect.poll(() => lengthRead()).toBeGreaterThan(0); // it was begun
  const next = join(folder, 'next');
  writer.moveTo(open(next));
  expect((await writer.stat()).ino).toBe(statSync(next).ino);
  writer.take(page(1));
  await expect.poll(() => lengthRead()).toBe(LARGE);
  await writer.settled();
  expect(lengthRead()).toBe(LARGE);
  expect(readFileSync(next, 'latin1')).toBe(line(1));
  expect(isOpen(former, fifo)).toBe(false);
});

test('a page that was begun is ended where it was begun also when that has failed in between', async () => {
  const folder = temporaryFolder();
  const fifo = join(folder, 'former');
  execFileSync('mkfifo', [fifo]);
  const first = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const { writer, errors } = writing(fifo);
  const large = new AsciiPage(LARGE);
  large.put(Buffer.alloc(LARGE, 'x'));
  writer.take(large);
  const read = reading(first);
  await expect.poll(() => read()).toBeGreaterThan(0); // it was begun
  const before = read();
  closeSync(first);
  await writer.settled();
  expect(errors).toEqual(['EPIPE']);
  const second = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(second));
  const next = join(folder, 'next');
  writer.moveTo(open(next));
  writer.take(page(1));
  const readOn = reading(second);
  await expect.poll(() => before + readOn()).toBe(LARGE);
  await writer.settled();
  expect([readOn() + before, errors]).toEqual([LARGE, ['EPIPE']]);
  expect(readFileSync(next, 'latin1')).toBe(line(1));
});

test('a page that was not begun goes to the next file, though the former was full', async () => {
  const { writer, errors } = writing('/dev/full');
  writer.take(page(0));
  await writer.settled();
  expect(errors).toEqual(['ENOSPC']);
  const path = join(temporaryFolder(), 'log');
  writer.moveTo(open(path));
  await writer.settled();
  expect(readFileSync(path, 'latin1')).toBe(line(0));
});

test('a page that was not begun goes to the next file, though the former is a pipe that nobody reads', async () => {
  const fifo = join(temporaryFolder(), 'former');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(reader));
  const { writer, file, errors } = writing(fifo);
  writeSync(file, Buffer.alloc(LARGE)); // as much as it holds
  writer.take(page(0));
  const path = join(temporaryFolder(), 'log');
  writer.moveTo(open(path));
  await expect.poll(() => readFileSync(path, 'latin1')).toBe(line(0));
  expect(errors).toEqual([]);
});

test('who moves on twice before a page has come leaves no file open', async () => {
  const { path, file, writer } = writing();
  writer.take(page(0)); // a thread is at it
  const [second, third] = [`${path}.2`, `${path}.3`];
  const [skipped, last] = [open(second), open(third)];
  writer.moveTo(skipped);
  writer.moveTo(last);
  await writer.settled();
  await expect
    .poll(() => [isOpen(file, path), isOpen(skipped, second), isOpen(last, third)])
    .toEqual([false, false, true]);
  writer.take(page(1));
  await writer.settled();
  expect([path, second, third].map((one) => readFileSync(one, 'latin1'))).toEqual([line(0), '', line(1)]);
});

test('a disk that is full is told of once for each page that comes, and none is lost before as many wait as may', async () => {
  const { writer, errors } = writing('/dev/full');
  for (let number = 0; number < MOST; number++) {
    expect(writer.take(page(number))).toBeDefined();
    await writer.settled();
    expect(errors).toHaveLength(number + 1);
  }
  expect(writer.take(page(MOST))).toBeUndefined();
  await writer.settled();
  expect(errors).toHaveLength(MOST + 1);
  const path = join(temporaryFolder(), 'log');
  writer.moveTo(open(path)); // there is room again
  await writer.settled();
  expect(readFileSync(path, 'latin1')).toBe([0, 1, 2, 3].map((number) => line(number)).join(''));
});

test('when nothing gets on for long and as many wait as may, each page that is not taken has those tried again', async () => {
  const fifo = join(temporaryFolder(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const first = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const { writer, errors } = writing(fifo, 1);
  closeSync(first);
  writer.take(page(0));
  await writer.settled();
  expect(errors).toEqual(['EPIPE']);
  const second = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(second));
  expect(writer.take(page(1))).toBeUndefined();
  await writer.settled();
  expect(writer.take(page(2))).toBeDefined();
  await writer.settled();
  const bytes = Buffer.alloc(4 * SIZE);
  expect(bytes.toString('latin1', 0, readSync(second, bytes))).toBe(line(0) + line(2));
});

test('a file that is moved away is written to until the writer is told where to go', async () => {
  const { path, writer } = writing();
  writer.take(page(0));
  await writer.settled();
  renameSync(path, `${path}.1`);
  writer.take(page(1));
  await writer.settled();
  writer.moveTo(open(path));
  writer.take(page(2));
  await writer.settled();
  expect(readFileSync(`${path}.1`, 'latin1')).toBe(line(0) + line(1));
  expect(readFileSync(path, 'latin1')).toBe(line(2));
});

test('what closes lets go of its files at once, or when what is under way is over', async () => {
  const idle = writing();
  idle.writer.take(page(0));
  await idle.writer.settled();
  idle.writer.close();
  await expect.poll(() => isOpen(idle.file, idle.path)).toBe(false);
  expect(readFileSync(idle.path, 'latin1')).toBe(line(0));

  const busy = writing();
  const next = open(`${busy.path}.1`);
  busy.writer.take(page(0));
  busy.writer.moveTo(next);
  busy.writer.close();
  expect([isOpen(busy.file, busy.path), isOpen(next, `${busy.path}.1`)]).toEqual([true, true]);
  await expect.poll(() => [isOpen(busy.file, busy.path), isOpen(next, `${busy.path}.1`)]).toEqual([false, false]);
  expect(busy.errors).toEqual([]);
});

test('what closes in the middle of a page, since nobody reads it, gives it up', async () => {
  const fifo = join(temporaryFolder(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(reader));
  const file = open(fifo);
  const writer = new PageWriter(file, MOST, (error) => expect.unreachable(error.message));
  const large = new AsciiPage(LARGE);
  large.put(Buffer.alloc(LARGE, 'x'));
  writer.take(large);
  const lengthRead = reading(reader);
  await expect.poll(() => lengthRead()).toBeGreaterThan(0); // it was begun
  const settled = writer.settled();
  writer.close();
  await settled;
  await expect.poll(() => isOpen(file, fifo)).toBe(false);
});
