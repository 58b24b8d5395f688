import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Token } from '../../../src/admin/token.js';
import { temporaryFolder } from '../../kit/folder.ts';

const SECRET = 'correct-horse-battery';
const token = new Token(SECRET);
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

test.each([`Bearer ${SECRET}`, `bearer ${SECRET}`, basic(`:${SECRET}`), basic(`anybody:${SECRET}`)])(
  '%s has the token',
  (field) => {
    expect(token.isIn(field)).toBe(true);
  },
);

test.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  `Bearer ${SECRET}x`,
  `Bearer ${SECRET.slice(1)}`,
  SECRET,
  `Token ${SECRET}`,
  basic('anybody:'),
  basic(`${SECRET}:`),
  'Basic %%%',
])('%s has not', (field) => {
  expect(token.isIn(field)).toBe(false);
});

test.each([
  ['', /met nothing/],
  ['short', /met 5 characters/],
  ['with blanks in it, many', /met something else/],
])('a file with %j is no token', (content, says) => {
  const path = join(temporaryFolder(), 'token');
  writeFileSync(path, content);
  expect(() => Token.read(path)).toThrow(says);
});

test('white space around the token in the file does not count', () => {
  const path = join(temporaryFolder(), 'token');
  writeFileSync(path, `\n ${SECRET}\r\n`);
  expect(Token.read(path).isIn(`Bearer ${SECRET}`)).toBe(true);
});
