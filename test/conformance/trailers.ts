import {
  type Case,
  GET,
  OK,
  chunked,
  client,
  conversation,
  forwarded,
  get,
  head,
  ok,
  post,
  spoiled,
  worker,
} from './case.js';
import { broken } from './case.js';

const DATA = '1\r\na\r\n';
const LAST = '0\r\n\r\n';
const CHUNKED = ok('Transfer-Encoding: chunked');
const TAKES = get('TE: trailers', 'Connection: TE');
const trailed = (...lines: readonly string[]) => `${DATA}0\r\n${[...lines, ''].join('\r\n')}\r\n`;

/** Fields that frame, route, authenticate, control or describe the body: no trailer is believed to do so (RFC 9110 6.5.1). */
const FORBIDDEN = [
  'Transfer-Encoding: chunked',
  'Content-Length: 5',
  'Host: b',
  'Trailer: A',
  'TE: trailers',
  'Connection: close',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: close',
  'Upgrade: websocket',
  'Authorization: Basic YQ==',
  'Proxy-Authorization: Basic YQ==',
  'Proxy-Authenticate: Basic',
  'WWW-Authenticate: Basic',
  'Set-Cookie: a=b',
  'Cookie: a=b',
  'Cache-Control: no-store',
  'Expect: 100-continue',
  'Max-Forwards: 1',
  'Range: bytes=0-1',
  'If-Match: "a"',
  'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT',
  'Content-Encoding: gzip',
  'Content-Type: a/b',
  'Content-Range: bytes 0-1/2',
  'Age: 1',
  'Date: Sun, 06 Nov 1994 08:49:37 GMT',
  'Expires: 0',
  'Location: /b',
  'Retry-After: 1',
  'Vary: *',
  'Warning: 199 - "a"',
  'X-Forwarded-For: 1.2.3.4',
  'X-Forwarded-Proto: https',
  'Forwarded: for=1.2.3.4',
  'X-Zdlb-Client: 1.2.3.4 1 1.2.3.4 2',
  'X-Request-Id: a',
] as const;

const MALFORMED = [
  ['a blank before the colon', 'A : b'],
  ['a blank before the name', ' A: b'],
  ['no colon', 'A'],
  ['no name', ': b'],
  ['a blank in the name', 'A B: c'],
  ['obs-fold', 'A: b\r\n c'],
  ['a bare CR', 'A: b\rc'],
  ['a bare LF', 'A: b\nC: d'],
  ['NUL', 'A: \0'],
  ['an escape', 'A: \x1b'],
  ['a byte above ASCII in the name', '\xe4: b'],
] as const;

export const cases: readonly Case[] = [
  ...FORBIDDEN.map((line) =>
    forwarded(
      `${line.slice(0, line.indexOf(':'))} is dropped`,
      '9110 6.5.1',
      chunked(trailed(line)),
      chunked(DATA + LAST),
    ),
  ),
  ...FORBIDDEN.slice(0, 8).map((line) =>
    conversation(
      `${line.slice(0, line.indexOf(':'))} is dropped from a response`,
      '9110 6.5.1',
      [client(TAKES, TAKES), worker(CHUNKED + trailed(line), CHUNKED + DATA + LAST)],
      'open',
    ),
  ),
  forwarded(
    'a length in a trailer does not frame the next request',
    '9110 6.5.1',
    `${chunked(trailed('Content-Length: 44'))}${GET}`,
    [chunked(DATA + LAST), GET],
  ),
  conversation(
    'of a response are kept from a client that did not ask',
    '9112 7.4',
    [client(GET, GET), worker(CHUNKED + trailed('A: b'), CHUNKED + DATA + LAST)],
    'open',
  ),
  conversation(
    'of a response are kept from HTTP/1.0',
    '9112 7.1.2',
    [
      client(head('GET / HTTP/1.0', 'Host: a', 'TE: trailers'), GET),
      worker(CHUNKED + trailed('A: b'), `${ok('Connection: close')}a`),
    ],
    'closed',
  ),
  spoiled(
    'without end',
    '9112 7.1.2',
    chunked(`0\r\n${`A: ${'x'.repeat(1_000)}\r\n`.repeat(40)}\r\n`),
    400,
    chunked(''),
  ),
  forwarded('of a request', '9112 7.1.2', chunked(trailed('A: b')), chunked(trailed('A: b'))),
  forwarded(
    'several',
    '9112 7.1.2',
    chunked(trailed('A: b', 'C: d', 'a: e')),
    chunked(trailed('A: b', 'C: d', 'a: e')),
  ),
  forwarded('written anew', '9112 7.1.2', chunked('00;x\r\nA:b \t\r\n\r\n'), chunked('0\r\nA: b\r\n\r\n')),
  forwarded(
    'but for those that are forbidden',
    '9110 6.5.1',
    chunked(trailed('A: b', 'Host: c', 'D: e')),
    chunked(trailed('A: b', 'D: e')),
  ),
  forwarded('and what follows is the next request', '9112 7.1.2', `${chunked(trailed('A: b'))}${GET}`, [
    chunked(trailed('A: b')),
    GET,
  ]),
  conversation(
    'of a response to a client that takes them',
    '9110 10.1.4',
    [client(TAKES, TAKES), worker(CHUNKED + trailed('A: b', 'C:d'), CHUNKED + trailed('A: b', 'C: d'))],
    'open',
  ),
  conversation(
    'of a response, for each request anew',
    '9110 10.1.4',
    [
      client(TAKES, TAKES),
      worker(CHUNKED + trailed('A: b'), CHUNKED + trailed('A: b')),
      client(GET, GET),
      worker(CHUNKED + trailed('A: b'), CHUNKED + DATA + LAST),
    ],
    'open',
  ),
  ...MALFORMED.map(([name, line]) => spoiled(`with ${name}`, '9112 7.1.2', chunked(trailed(line)), 400, chunked(DATA))),
  ...MALFORMED.map(([name, line]) =>
    broken(`of a response, with ${name}`, '9112 7.1.2', CHUNKED + trailed(line), CHUNKED + DATA),
  ),
  conversation(
    'of a request that is answered early',
    '9112 7.1.2',
    [client(chunked(DATA), chunked(DATA)), worker(OK), client(LAST, LAST)],
    'open',
  ),
  forwarded(
    'none, though announced',
    '9110 6.6.2',
    `${post('Trailer: A', 'Transfer-Encoding: chunked')}${LAST}`,
    `${post('Trailer: A', 'Transfer-Encoding: chunked')}${LAST}`,
  ),
];
