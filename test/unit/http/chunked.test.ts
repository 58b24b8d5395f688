import { describe, expect, test } from 'vitest';
import { ChunkedBody, type Coding } from '../../../src/http/chunked.js';

/** Passes `text` in pieces of `size` bytes: what was written, and how many bytes belonged to the body; negative when it is refused. */
function pass(
  text: string,
  size: number,
  coding: Coding = 'chunked',
  max = Infinity,
): { readonly output: string; readonly consumed: number } {
  const body = new ChunkedBody();
  body.begin(coding, max);
  const output = Buffer.alloc(64 * 1024);
  let written = '';
  for (let at = 0; at < text.length; at += size) {
    const piece = Buffer.from(text.slice(at, at + size), 'latin1');
    const consumed = body.pass(piece, 0, piece.length, output, 0);
    if (consumed < 0) return { output: written, consumed };
    written += output.toString('latin1', 0, body.outputEnd);
    if (body.isDone) return { output: written, consumed: at + consumed };
  }
  return { output: written, consumed: Infinity };
}

describe.each([1, 2, 3, 7, 1_000])('in pieces of %d bytes', (size) => {
  const good: readonly (readonly [name: string, input: string, output: string, data: string])[] = [
    ['an empty body', '0\r\n\r\n', '0\r\n\r\n', ''],
    ['chunks', '5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n', '5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n', 'hello!'],
    ['upper case and leading zeros', '00A\r\n0123456789\r\n000\r\n\r\n', 'a\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['extensions', '1;a=b;c="d"\r\n!\r\n0;e\r\n\r\n', '1\r\n!\r\n0\r\n\r\n', '!'],
    ['a quoted pair in an extension', '1;a="\\"\\\\";b\r\n!\r\n0\r\n\r\n', '1\r\n!\r\n0\r\n\r\n', '!'],
    ['trailers', '1\r\n!\r\n0\r\nA: b\r\nC: d\r\n\r\n', '1\r\n!\r\n0\r\n\r\n', '!'],
  ];
  test.each(good)('%s', (_name, input, output, data) => {
    expect(pass(`${input}GET`, size)).toEqual({ output, consumed: input.length });
    expect(pass(`${input}GET`, size, 'none')).toEqual({ output: data, consumed: input.length });
  });

  test('trailers go on to who takes them, but for those that may not be trailers', () => {
    const input =
      '1\r\n!\r\n0\r\nX-Sum: 5\r\nContent-Length: 9\r\nHost: b\r\nAUTHORIZATION: c\r\nx_forwarded_for: d\r\nEnd:e \r\n\r\n';
    const output = '1\r\n!\r\n0\r\nX-Sum: 5\r\nEnd: e\r\n\r\n';
    expect(pass(input, size, 'chunked with trailers')).toEqual({ output, consumed: input.length });
  });

  test('more data than the bound is refused', () => {
    expect(pass('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', size, 'chunked', 5).consumed).toBe(20);
    expect(pass('3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n', size, 'chunked', 5).consumed).toBe(-413);
  });

  const bad: readonly (readonly [name: string, input: string])[] = [
    ['no size', '\r\n'],
    ['a signed size', '+1\r\n'],
    ['a size with 0x', '0x1\r\n'],
    ['a size with an underscore', '1_0\r\n'],
    ['a padded size', '1 \r\n!\r\n'],
    ['a blank before the size', ' 1\r\n!\r\n'],
    ['an overflowing size', 'ffffffffffffffff\r\n'],
    ['a bare LF behind the size', '1\n!\r\n'],
    ['an extension without a name', '1;\r\n!\r\n'],
    ['an extension with an empty value', '1;a=\r\n!\r\n'],
    ['an extension with an open quote', '1;a="b\r\n!\r\n'],
    ['an extension with a word behind its quotes', '1;a="b"c\r\n!\r\n'],
    ['blanks around an extension', '1; a\r\n!\r\n'],
    ['a bare LF in an extension', '1;a\n!\r\n'],
    ['a bare CR in an extension', '1;a\rb\r\n!\r\n'],
    ['a control byte in an extension', '1;\0\r\n!\r\n'],
    ['no line end behind the data', '1\r\n!!\r\n'],
    ['a bare LF behind the data', '1\r\n!\n'],
    ['a bare LF in trailers', '0\r\nA: b\n\r\n'],
    ['a blank before the colon of a trailer', '0\r\nA : b\r\n\r\n'],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'],
    ['endless extensions', `1;${'a'.repeat(20_000)}`],
    ['endless trailers', `0\r\n${'A: b\r\n'.repeat(4_000)}`],
    ['endless leading zeros', '0'.repeat(20_000)],
  ];
  test.each(bad)('%s is malformed', (_name, input) => {
    expect(pass(input, size).consumed).toBe(-400);
  });
});

test('a body may have any number of chunks', () => {
  const input = `${'1\r\n!\r\n'.repeat(20_000)}0\r\n\r\n`;
  expect(pass(input, 60_000)).toEqual({ output: input, consumed: input.length });
});

test('a body knows nothing of the trailers of the one before, which was never whole', () => {
  const body = new ChunkedBody();
  const output = Buffer.alloc(64 * 1024);
  const take = (text: string) => {
    body.begin('chunked with trailers', Infinity);
    body.pass(Buffer.from(text), 0, text.length, output, 0);
    return output.toString('latin1', 0, body.outputEnd);
  };
  take('0\r\nA: b\r\nC');
  expect(take('0\r\nD: e\r\n\r\n')).toBe('0\r\nD: e\r\n\r\n');
});
