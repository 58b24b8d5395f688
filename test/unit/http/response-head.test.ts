import { describe, expect, test } from 'vitest';
import { Framing } from '../../../src/http/framing.js';
import { type ConnectionLine, ResponseHead } from '../../../src/http/response-head.js';

const GET = { isHead: false, minorVersion: 1, takesTrailers: false };
const HEAD = { ...GET, isHead: true };
const OLD = { ...GET, minorVersion: 0 };

function read(text: string, asked = GET, line: ConnectionLine = 'none') {
  const bytes = Buffer.from(text, 'latin1');
  const head = new ResponseHead();
  const headEnd = head.parse(bytes, 0, bytes.length, asked);
  if (headEnd <= 0) return { headEnd };
  const output = Buffer.alloc(64 * 1024);
  const written = output.toString('latin1', 0, head.write(bytes, line, asked, output, 0));
  return { headEnd, written, framing: head.framing, isPersistent: head.isPersistent };
}

const ok = (fields: string) => `HTTP/1.1 200 OK\r\n${fields}\r\n`;

describe('a response head is written anew, and its body framed by RFC 9112 6.3', () => {
  const cases = [
    ['a length', ok('Content-Length: 5\r\n'), GET, ok('Content-Length: 5\r\n'), Framing.length],
    ['chunks', ok('transfer-encoding: chunked\r\n'), GET, ok('Transfer-Encoding: chunked\r\n'), Framing.chunked],
    ['chunks to HTTP/1.0', ok('Transfer-Encoding: chunked\r\n'), OLD, ok(''), Framing.chunked],
    ['neither', ok(''), GET, ok(''), Framing.close],
    ['HEAD with a length', ok('Content-Length: 5\r\n'), HEAD, ok('Content-Length: 5\r\n'), Framing.none],
    [
      'HEAD with chunks',
      ok('Transfer-Encoding: chunked\r\n'),
      HEAD,
      ok('Transfer-Encoding: chunked\r\n'),
      Framing.none,
    ],
    [
      '204',
      'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
      GET,
      'HTTP/1.1 204 No Content\r\n\r\n',
      Framing.none,
    ],
    [
      '304',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
      GET,
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
      Framing.none,
    ],
    [
      '103',
      'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n',
      GET,
      'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n',
      Framing.none,
    ],
    [
      'hop-by-hop fields',
      ok('Connection: keep-alive, foo\r\nKeep-Alive: timeout=5\r\nFoo: 1\r\nContent-Length: 0\r\n'),
      GET,
      ok('Content-Length: 0\r\n'),
      Framing.length,
    ],
    [
      'no reason',
      'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
      GET,
      'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n',
      Framing.length,
    ],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', GET, ok('Content-Length: 0\r\n'), Framing.length],
  ] as const;
  test.each(cases)('%s', (_name, input, asked, written, framing) => {
    expect(read(input, asked)).toMatchObject({ headEnd: input.length, written, framing });
  });

  test('with what is said of the connection', () => {
    const input = ok('Content-Length: 0\r\n');
    expect(read(input, GET, 'close').written).toBe(ok('Content-Length: 0\r\nConnection: close\r\n'));
    expect(read(input, OLD, 'keep-alive').written).toBe(ok('Content-Length: 0\r\nConnection: keep-alive\r\n'));
  });

  test.each([
    [ok('Content-Length: 0\r\n'), true],
    [ok('Content-Length: 0\r\nConnection: close\r\n'), false],
    [ok(''), false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n', true],
  ])('%j keeps the worker connection: %s', (input, isPersistent) => {
    expect(read(input).isPersistent).toBe(isPersistent);
  });
});

describe('a response head that is not to be trusted', () => {
  test.each([
    'HTP/1.1 200 OK\r\n\r\n',
    'HTTP/2.0 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 200 OK\n\n',
    'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
  ])('%j', (input) => {
    expect(read(input).headEnd).toBeLessThan(0);
  });
});

test('every beginning of a good head is incomplete', () => {
  const text = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nA: b\r\n\r\n';
  for (let length = 0; length < text.length; length++) {
    expect(new ResponseHead().parse(Buffer.from(text), 0, length, GET), `cut at ${length}`).toBe(0);
  }
});
