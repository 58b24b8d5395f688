import { describe, expect, test } from 'vitest';
import { RequestHead } from '../../../src/http/request-head.js';

const INCOMPLETE = 0;
const BOUNDS = { maxFields: 100, maxTargetSize: 8_192 };

/** Parses `text`; a number is the status that refuses it, a text is the head as it is written down for the worker. */
function read(text: string, added?: string): number | string {
  const bytes = Buffer.from(text, 'latin1');
  const head = new RequestHead();
  const headEnd = head.parse(bytes, 0, bytes.length, BOUNDS);
  if (headEnd <= 0) return -headEnd;
  const output = Buffer.alloc(32 * 1024);
  const end = head.write(bytes, added === undefined ? undefined : Buffer.from(added), output, 0);
  return output.toString('latin1', 0, end);
}

const get = (fields: string) => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

describe('a request head is written anew', () => {
  const cases: readonly (readonly [name: string, input: string, output: string])[] = [
    ['plain', get(''), get('')],
    ['with blanks around a value', get('A: \t b \t\r\n'), get('A: b\r\n')],
    ['with an empty value', get('A:\r\n'), get('A: \r\n')],
    ['with a value longer than a short copy', get(`A: ${'x'.repeat(500)}\r\n`), get(`A: ${'x'.repeat(500)}\r\n`)],
    ['with obs-text', get('A: \xe4\r\n'), get('A: \xe4\r\n')],
    ['behind empty lines', `\r\n\r\n${get('')}`, get('')],
    [
      'without hop-by-hop fields',
      get('Connection: keep-alive\r\nKeep-Alive: 5\r\nTE: gzip\r\nProxy-Connection: x\r\n'),
      get(''),
    ],
    ['without fields that Connection names', get('Connection: close, Foo\r\nFoo: 1\r\nBar: 2\r\n'), get('Bar: 2\r\n')],
    [
      'with fields that Connection may not name',
      get('Connection: Host, Cookie\r\nCookie: 1\r\n'),
      get('Cookie: 1\r\n'),
    ],
    ["without a client's own address field", get('X-Zdlb-Client: 1.2.3.4 1 1.2.3.4 2\r\n'), get('')],
    ['chunked', get('Transfer-Encoding: Chunked\r\n'), get('Transfer-Encoding: chunked\r\n')],
    [
      'with an upgrade',
      get('Connection: Upgrade\r\nUpgrade: websocket\r\n'),
      get('Upgrade: websocket\r\nConnection: Upgrade\r\n'),
    ],
    ['without a field with an underscore that Connection names', get('Connection: my_hop\r\nMy_Hop: 1\r\n'), get('')],
    [
      'with a field that only looks like one that Connection names',
      get('Connection: a~\r\na^: 1\r\n'),
      get('a^: 1\r\n'),
    ],
    ['without an upgrade that Connection does not name', get('Upgrade: websocket\r\n'), get('')],
    [
      'without an upgrade that has a body',
      get('Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n'),
      get('Content-Length: 1\r\n'),
    ],
    ['from HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 'GET / HTTP/1.1\r\nHost: \r\n\r\n'],
    ['from absolute-form', 'GET http://a/b?c HTTP/1.1\r\nHost: A\r\n\r\n', 'GET /b?c HTTP/1.1\r\nHost: A\r\n\r\n'],
    [
      'from absolute-form without a path',
      'GET http://a HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    ],
    ['with an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['with a method of its own', 'PURGE / HTTP/1.1\r\nHost: a\r\n\r\n', 'PURGE / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [
      'with a port and an IPv6 host',
      'GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n',
    ],
  ];
  test.each(cases)('%s', (_name, input, output) => {
    expect(read(input)).toBe(output);
  });

  test('with added lines first', () => {
    expect(read(get('A: b\r\n'), 'X-Added: 1\r\n')).toBe('GET / HTTP/1.1\r\nX-Added: 1\r\nHost: a\r\nA: b\r\n\r\n');
  });
});

describe('an ambiguous request head is refused', () => {
  const cases: readonly (readonly [name: string, input: string, status: number])[] = [
    ['length and coding', get('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'), 400],
    ['two lengths', get('Content-Length: 1\r\nContent-Length: 1\r\n'), 400],
    ['a list of lengths', get('Content-Length: 1, 1\r\n'), 400],
    ['a signed length', get('Content-Length: +1\r\n'), 400],
    ['a hexadecimal length', get('Content-Length: 0x1\r\n'), 400],
    ['an empty length', get('Content-Length:\r\n'), 400],
    ['an overflowing length', get('Content-Length: 99999999999999999999\r\n'), 400],
    ['two codings', get('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'), 400],
    ['chunked twice', get('Transfer-Encoding: chunked, chunked\r\n'), 400],
    ['chunked not last', get('Transfer-Encoding: chunked, gzip\r\n'), 400],
    ['an unknown coding', get('Transfer-Encoding: gzip\r\n'), 501],
    ['an unknown coding before chunked', get('Transfer-Encoding: gzip, chunked\r\n'), 501],
    ['an obfuscated coding', get('Transfer-Encoding: \x0bchunked\r\n'), 400],
    ['a quoted coding', get('Transfer-Encoding: "chunked"\r\n'), 400],
    ['a coding in HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['a blank before the colon', get('A : b\r\n'), 400],
    ['a folded line', get('A: b\r\n c\r\n'), 400],
    ['a line without a colon', get('A\r\n'), 400],
    ['an empty name', get(': b\r\n'), 400],
    ['a bare CR in a value', get('A: b\rc\r\n'), 400],
    ['a bare LF as line end', 'GET / HTTP/1.1\nHost: a\n\n', 400],
    ['NUL in a value', get('A: \0\r\n'), 400],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', get('Host: a\r\n'), 400],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 400],
    ['a Host with user information', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n', 400],
    ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
    ['a list of Hosts', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', 400],
    ['a Host with a word for a port', 'GET / HTTP/1.1\r\nHost: a:b\r\n\r\n', 400],
    ['a target that disagrees with Host', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a fragment', 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['two spaces', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a tab', 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a target that is no path', 'GET a HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['an asterisk for GET', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a version in lower case', 'GET / http/1.1\r\nHost: a\r\n\r\n', 400],
    ['HTTP/0.9', 'GET /\r\n', 400],
    ['HTTP/2.0', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', 505],
    ['endless options of Connection', get(`Connection: ${'a,'.repeat(100)}\r\n`), 400],
    ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 501],
    ['TRACE', 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
    ['an unknown expectation', get('Expect: tea\r\n'), 417],
    ['a target beyond 8 KiB', `GET /${'a'.repeat(8 * 1024)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ['more than 100 fields', get('A: b\r\n'.repeat(100)), 431],
  ];
  test.each(cases)('%s', (_name, input, status) => {
    expect(read(input)).toBe(status);
  });
});

test('every beginning of a good head is incomplete, whatever comes behind it', () => {
  const text = 'POST http://a:1/b HTTP/1.1\r\nHost: a:1\r\nContent-Length: 3\r\nA: \t b\r\n\r\n';
  for (let length = 0; length < text.length; length++) {
    const bytes = Buffer.from(`${text.slice(0, length)}\r\n\r\n:`, 'latin1');
    expect(new RequestHead().parse(bytes, 0, length, BOUNDS), `cut at ${length}`).toBe(INCOMPLETE);
  }
});

describe('a connection stays open behind the response', () => {
  const cases: readonly (readonly [input: string, isPersistent: boolean])[] = [
    [get(''), true],
    [get('Connection: close\r\n'), false],
    [get('Connection: keep-alive, Close\r\n'), false],
    ['GET / HTTP/1.0\r\n\r\n', false],
    ['GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n', true],
  ];
  test.each(cases)('%j: %s', (input, isPersistent) => {
    const head = new RequestHead();
    expect(head.parse(Buffer.from(input), 0, input.length, BOUNDS)).toBe(input.length);
    expect(head.isPersistent).toBe(isPersistent);
  });
});
