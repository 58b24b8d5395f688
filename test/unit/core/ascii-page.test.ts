import { expect, test } from 'vitest';
import { AsciiPage, longestInside, piece } from '../../../src/core/ascii-page.js';

const written = (write: (page: AsciiPage) => void, size = 8_192): string => {
  const page = new AsciiPage(size);
  write(page);
  return page.text;
};

/** In quotes, as a JSON string has it. */
const inside = (text: string): string => {
  const bytes = piece(text);
  return written((page) => page.inside(bytes, 0, bytes.length));
};

test('whatever byte a text has, JSON reads it back, and what is written is ASCII', () => {
  for (let byte = 0; byte < 256; byte++) {
    const text = `a${String.fromCharCode(byte)}b`;
    expect(JSON.parse(`"${inside(text)}"`)).toBe(text);
    expect(inside(text)).toMatch(/^[\u0020-\u007e]*$/);
  }
});

test('a text of nothing but what has to be escaped takes no more room than is said', () => {
  for (const text of ['\u0000', '"', '\\', '\u00ff', '\u007f', 'a']) {
    const bytes = piece(text.repeat(100));
    expect(inside(text.repeat(100)).length).toBeLessThanOrEqual(longestInside(bytes));
  }
});

test('a part of a text is written as that part', () => {
  const bytes = piece('GET /a"b HTTP/1.1');
  expect(written((page) => page.inside(bytes, 4, 8))).toBe('/a\\"b');
  expect(written((page) => page.inside(bytes, 4, 3))).toBe('');
});

test('numbers are written as JSON reads them', () => {
  const numbers = [0, 1, 9, 10, 99, 100, 65_535, 999_999_999, 2 ** 31 - 1, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER];
  for (const number of numbers) expect(written((page) => page.natural(number))).toBe(String(number));
});

test('tenths are rounded, and carried', () => {
  const cases = [
    [0, '0.0'],
    [0.04, '0.0'],
    [0.05, '0.1'],
    [0.96, '1.0'],
    [1.3, '1.3'],
    [9.95, '10.0'],
    [86_400_000.26, '86400000.3'],
    [2 ** 33, '8589934592.0'],
  ] as const;
  for (const [number, text] of cases) expect(written((page) => page.tenths(number))).toBe(text);
});

test('pieces follow one another, and what is left is told', () => {
  const page = new AsciiPage(16);
  page.put(piece('abc'));
  page.putShort(piece('de'));
  expect([page.text, page.room]).toEqual(['abcde', 11]);
});
