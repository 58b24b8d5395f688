import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rotatedSink } from '../../../src/cli/rotated-log.js';
import { temporaryFolder } from '../../kit/folder.ts';

const LINE = `${'x'.repeat(99)}\n`;

test('a log file is rotated at its size, and so many former ones are kept', async () => {
  const folder = temporaryFolder();
  const sink = await rotatedSink(join(folder, 'new', 'app.log'), { logFileSize: 1_024, logFiles: 2 });
  for (let line = 0; line < 100; line++) sink.write(LINE);
  sink.write('the last one\n');
  await new Promise<void>((resolve) => sink.flush(resolve));
  const files = readdirSync(join(folder, 'new'));
  expect(files.toSorted()).toEqual(['app.log', 'app.log.1', 'app.log.2']);
  const sizes = files.map((file) => statSync(join(folder, 'new', file)).size);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1_024 + LINE.length);
  expect(readFileSync(join(folder, 'new', 'app.log'), 'utf8')).toMatch(/the last one\n$/);
  expect(statSync(join(folder, 'new', 'app.log')).mode & 0o077).toBe(0);
});

test('a log file that is no file is an error at once', async () => {
  await expect(rotatedSink(temporaryFolder(), { logFileSize: 1_024, logFiles: 2 })).rejects.toThrow(
    /^Cannot write the log file .+EISDIR/,
  );
});
