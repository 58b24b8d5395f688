import { describe, expect, test } from 'vitest';
import { Lines } from '../../../src/supervisor/lines.js';

function linesOf(chunks: readonly (string | Buffer)[], limit = 100): readonly string[] {
  const seen: string[] = [];
  const lines = new Lines(limit, (line) => seen.push(line));
  for (const chunk of chunks) lines.write(Buffer.from(chunk));
  lines.end();
  return seen;
}

describe('Lines', () => {
  test('cuts chunks into lines, wherever the chunks end', () => {
    expect(linesOf(['one\ntw', 'o\n\nth', 'ree\n'])).toEqual(['one', 'two', '', 'three']);
  });

  test('gives out a last line without a line end, once', () => {
    expect(linesOf(['one\ntwo'])).toEqual(['one', 'two']);
  });

  test('takes carriage returns off', () => {
    expect(linesOf(['one\r', '\ntwo\r\n'])).toEqual(['one', 'two']);
  });

  test('puts a character together that two chunks share', () => {
    const bytes = Buffer.from('grüße 🌍\n');
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(linesOf([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(['grüße 🌍']);
    }
  });

  test('gives out a line beyond the limit in pieces, without waiting for its end', () => {
    const seen: string[] = [];
    const lines = new Lines(4, (line) => seen.push(line));
    lines.write(Buffer.from('abcdefghij'));
    expect(seen).toEqual(['abcd', 'efgh']);
    lines.write(Buffer.from('\nkl\n'));
    expect(seen).toEqual(['abcd', 'efgh', 'ij', 'kl']);
  });

  test('a line of exactly the limit is one line', () => {
    expect(linesOf(['abcd\nef'], 4)).toEqual(['abcd', 'ef']);
  });

  test('never cuts a character of two units in half', () => {
    expect(linesOf(['abc🌍d'], 4)).toEqual(['abc', '🌍d']);
  });
});
