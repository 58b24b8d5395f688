import type { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { LiveBlock } from '../../../src/cli/live-block.js';

/** What is written to a terminal of that size. */
function written(size: { columns: number; rows: number }, lines: readonly string[]): readonly string[] {
  let text = '';
  const write = (chunk: string) => (text += chunk);
  new LiveBlock({ ...size, write } as unknown as WriteStream).draw(lines);
  return text.replace('\r\u001B[0J', '').trimEnd().split('\n');
}

test('lines that fit are drawn as they are', () => {
  expect(written({ columns: 80, rows: 4 }, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
});

test('where there are more than rows, the last row says how many more', () => {
  expect(written({ columns: 80, rows: 4 }, ['a', 'b', 'c', 'd'])).toEqual(['a', 'b', '… 2 more lines']);
});

test('a line that is too long ends with an ellipsis', () => {
  expect(written({ columns: 6, rows: 4 }, ['abcdef'])).toEqual(['abcd…']);
});
