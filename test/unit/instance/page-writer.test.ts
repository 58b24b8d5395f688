import { closeSync, readFileSync, renameSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type AsciiPage } from '../../../src/core/ascii-page.js';
import { temporaryFolder } from '../../kit/folder.ts';
import { MOST, isOpen, line, open, page, writing } from '../../kit/page-writing.ts';

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

test('what could not be written is tried again when that is asked for, as at the end', async () => {
  const { writer, errors } = writing('/dev/full');
  writer.take(page(0));
  await writer.settled();
  writer.goOn();
  await writer.settled();
  expect(errors).toEqual(['ENOSPC', 'ENOSPC']);
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

test('a file that cannot be closed ends nobody', async () => {
  const heard = process.listeners('uncaughtException');
  const thrown: unknown[] = [];
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => thrown.push(error));
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of heard) process.on('uncaughtException', listener);
  });
  const { file, writer } = writing();
  closeSync(file);
  writer.close();
  for (let turn = 0; turn < 20; turn++) await stat(tmpdir()); // the threads have come to it by then
  expect(thrown).toEqual([]);
});
