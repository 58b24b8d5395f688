import { type Case, forwarded, get, head, post, refused } from './case.js';

const MALFORMED = [
  ['a blank before the colon', 'A : b'],
  ['a tab before the colon', 'A\t: b'],
  ['a blank before the name', ' A: b'],
  ['a tab before the name', '\tA: b'],
  ['no colon', 'A'],
  ['no colon, but a blank', 'A b'],
  ['no name', ': b'],
  ['a blank for a name', ' : b'],
  ['a blank in the name', 'A B: c'],
  ['parentheses in the name', 'A(B): c'],
  ['a comma in the name', 'A,B: c'],
  ['a slash in the name', 'A/B: c'],
  ['brackets in the name', 'A[B]: c'],
  ['braces in the name', 'A{B}: c'],
  ['an at sign in the name', 'A@B: c'],
  ['an equals sign in the name', 'A=B: c'],
  ['a semicolon in the name', 'A;B: c'],
  ['a question mark in the name', 'A?B: c'],
  ['a backslash in the name', 'A\\B: c'],
  ['a quote in the name', '"A": c'],
  ['a byte above ASCII in the name', 'A\xe4: b'],
  ['NUL in the name', 'A\0: b'],
  ['DEL in the name', 'A\x7f: b'],
  ['NUL in the value', 'A: b\0c'],
  ['a bell in the value', 'A: b\x07c'],
  ['an escape in the value', 'A: \x1b[2J'],
  ['a vertical tab in the value', 'A: b\x0bc'],
  ['a form feed in the value', 'A: b\x0cc'],
  ['a unit separator in the value', 'A: b\x1fc'],
  ['DEL in the value', 'A: b\x7f'],
  ['a bare CR in the value', 'A: b\rc'],
  ['a bare CR before a name', 'A: b\rC: d'],
  ['a bare CR at the end', 'A: b\r'],
  ['a bare LF in the value', 'A: b\nC: d'],
  ['a bare LF for the value', 'A:\nC: d'],
  ['obs-fold with a blank', 'A: b\r\n c'],
  ['obs-fold with a tab', 'A: b\r\n\tc'],
  ['obs-fold behind an empty value', 'A:\r\n b'],
  ['obs-fold without more', 'A: b\r\n '],
] as const;

/** Dropped on the way, whoever names them. */
const HOP_BY_HOP = [
  'Connection: keep-alive',
  'Connection: close-not',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'TE: gzip',
  'Upgrade: websocket',
] as const;

/** What zdlb or the program relies on is not removed by naming it. */
const PROTECTED = [
  'Cookie: a=b',
  'Authorization: Basic YQ==',
  'X-Forwarded-For: 1.2.3.4',
  'X-Forwarded-Proto: https',
  'X-Real-IP: 1.2.3.4',
  'X-Request-Id: a',
  'Forwarded: for=1.2.3.4',
  'Via: 1.1 b',
  'Content-Type: a/b',
  'Content-Encoding: gzip',
  'Cache-Control: no-store',
] as const;

const nameOf = (field: string) => field.slice(0, field.indexOf(':'));
const same = (name: string, rule: string, ...lines: readonly string[]) =>
  forwarded(name, rule, get(...lines), get(...lines));

export const cases: readonly Case[] = [
  ...MALFORMED.map(([name, line]) => refused(`a field with ${name}`, '9112 5', get(line), 400)),
  ...MALFORMED.slice(0, 6).map(([name, line]) =>
    refused(`${name} in the first field`, '9112 5', head('GET / HTTP/1.1', line, 'Host: a'), 400),
  ),
  refused('LF alone behind a field', '9112 2.2', 'GET / HTTP/1.1\r\nHost: a\nA: b\r\n\r\n', 400),
  refused('LF alone for the empty line', '9112 2.2', 'GET / HTTP/1.1\r\nHost: a\r\n\n', 400),
  refused('LF LF at the end of the head', '9112 2.2', 'GET / HTTP/1.1\nHost: a\n\n', 400),
  refused('CR CR LF at the end of the head', '9112 2.2', 'GET / HTTP/1.1\r\nHost: a\r\n\r\r\n', 400),
  refused('a blank in the empty line', '9112 2.2', 'GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n', 400),

  forwarded('blanks around a value', '9112 5.1', get('A: \t b c \t '), get('A: b c')),
  forwarded('no blank before a value', '9112 5.1', get('A:b'), get('A: b')),
  forwarded('an empty value', '9110 5.5', get('A:'), get('A: ')),
  same('a tab within a value', '9110 5.5', 'A: b\tc'),
  same('colons within a value', '9112 5', 'A: b: c:'),
  same('obs-text in a value, as it stands', '9110 5.5', 'A: \xe4\x80\xff'),
  same('names of all token characters', '9110 5.6.2', "!#$%&'*+-.^_`|~09azAZ: b"),
  same('names in their own case', '9110 5.1', 'x-LOWER-Upper: b', 'ACCEPT: *'),
  same('a field several times, in order', '9110 5.3', 'A: 1', 'B: 2', 'A: 3', 'a: 4'),
  same('quotes and commas in a value, as they stand', '9110 5.6.4', 'A: "b, c", \\"'),
  same('names with underscores', '9110 5.1', 'Content_Length: 5', 'Transfer_Encoding: chunked'),
  same('names that only begin like those of framing', '9112 6', 'Content-Length-X: 5', 'Transfer-Encodings: chunked'),
  same('several cookies', '9110 5.3', 'Cookie: a=b; c=d', 'Cookie: e=f'),
  same('Max-Forwards and Via, as they stand', '9110 7.6', 'Max-Forwards: 0', 'Via: 1.0 b'),
  same('a value as long as the head allows', '9110 5.4', `A: ${'x'.repeat(8_000)}`, `B: ${'y'.repeat(8_000)}`),

  ...HOP_BY_HOP.map((line) => forwarded(`${line} goes no further`, '9110 7.6.1', get(line, 'A: b'), get('A: b'))),
  forwarded(
    'TE: trailers goes on, named by Connection',
    '9110 10.1.4',
    get('TE: gzip, trailers', 'A: b'),
    get('A: b', 'TE: trailers', 'Connection: TE'),
  ),
  ...PROTECTED.map((line) =>
    forwarded(
      `Connection can't remove ${nameOf(line)}`,
      '9110 7.6.1',
      get(`Connection: ${nameOf(line)}`, line),
      get(line),
    ),
  ),
  forwarded("Connection can't remove Host", '9110 7.6.1', get('Connection: Host'), get()),
  forwarded(
    "Connection can't remove Content-Length",
    '9110 7.6.1',
    `${post('Connection: Content-Length', 'Content-Length: 2')}hi`,
    `${post('Content-Length: 2')}hi`,
  ),
  forwarded(
    "Connection can't remove Transfer-Encoding",
    '9110 7.6.1',
    `${post('Connection: transfer-encoding', 'Transfer-Encoding: chunked')}1\r\na\r\n0\r\n\r\n`,
    `${post('Transfer-Encoding: chunked')}1\r\na\r\n0\r\n\r\n`,
  ),
  forwarded('a field that Connection names', '9110 7.6.1', get('Connection: foo', 'Foo: 1', 'Bar: 2'), get('Bar: 2')),
  forwarded('a field before the Connection that names it', '9110 7.6.1', get('Foo: 1', 'Connection: Foo'), get()),
  forwarded('all fields of a name that Connection names', '9110 7.6.1', get('F: 1', 'Connection: F', 'f: 2'), get()),
  forwarded(
    'fields that several Connections name',
    '9110 7.6.1',
    get('Connection: B, C', 'Connection: D', 'B: 1', 'C: 2', 'D: 3'),
    get(),
  ),
  forwarded(
    'a Connection with blanks and empty members',
    '9110 5.6.1',
    get('Connection: , ,\tB ,,C,', 'B: 1', 'C: 2'),
    get(),
  ),
  forwarded('an empty Connection', '9110 7.6.1', get('Connection:', 'A: b'), get('A: b')),
  forwarded(
    'what only resembles what Connection names',
    '9110 7.6.1',
    get('Connection: Fo', 'Foo: 1', 'F: 2'),
    get('Foo: 1', 'F: 2'),
  ),
  refused('a Connection without end', '9110 7.6.1', get(`Connection: ${'a,'.repeat(200)}`), 400),
  forwarded("a client's own address field", 'zdlb', get('X-Zdlb-Client: 1.2.3.4 1 1.2.3.4 2', 'A: b'), get('A: b')),
  forwarded(
    "a client's own address field, named by Connection",
    'zdlb',
    get('Connection: x-zdlb-client', 'X-ZDLB-Client: 1'),
    get(),
  ),
];
