import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AsciiPage } from '../../../src/core/ascii-page.js';
import { PageWriter } from '../../../src/instance/page-writer.js';
import { temporaryFolder } from '../../kit/folder.ts';
import { LARGE, MOST, SIZE, isOpen, line, open, page, reading, writing } from '../../kit/page-writing.ts';

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
