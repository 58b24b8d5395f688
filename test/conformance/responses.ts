import { type Case, GET, OK, answer, client, conversation, head, ok, workerEnds } from './case.js';

const CHUNKED = ok('Transfer-Encoding: chunked');
const LAST = '0\r\n\r\n';
const closing = (text: string) => text.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
const status = (line: string, ...lines: readonly string[]) => head(`HTTP/1.1 ${line}`, ...lines);

export const cases: readonly Case[] = [
  answer('a length', '9112 6.3', OK, OK),
  answer('a length of zero', '9112 6.3', ok('Content-Length: 0'), ok('Content-Length: 0')),
  answer('chunks', '9112 7.1', `${CHUNKED}2\r\nok\r\n1\r\n!\r\n${LAST}`, `${CHUNKED}2\r\nok\r\n1\r\n!\r\n${LAST}`),
  answer(
    'chunks written anew',
    '9112 7.1',
    `${ok('transfer-encoding:CHUNKED')}00A;a="b"\r\n0123456789\r\n00\r\n\r\n`,
    `${CHUNKED}a\r\n0123456789\r\n${LAST}`,
  ),
  answer(
    'data that looks like chunks',
    '9112 7.1',
    `${CHUNKED}5\r\n${LAST}\r\n${LAST}`,
    `${CHUNKED}5\r\n${LAST}\r\n${LAST}`,
  ),
  answer(
    'a body that looks like a response',
    '9112 6.3',
    `${ok(`Content-Length: ${OK.length}`)}${OK}`,
    `${ok(`Content-Length: ${OK.length}`)}${OK}`,
  ),
  answer(
    'a long body',
    '9112 6.3',
    `${ok('Content-Length: 300000')}${'x'.repeat(300_000)}`,
    `${ok('Content-Length: 300000')}${'x'.repeat(300_000)}`,
  ),
  answer(
    'a status of its own',
    '9110 15',
    status('299 Odd', 'Content-Length: 0'),
    status('299 Odd', 'Content-Length: 0'),
  ),
  answer(
    'an error of its own',
    '9110 15.5',
    `${status('404 Not Found', 'Content-Length: 2')}no`,
    `${status('404 Not Found', 'Content-Length: 2')}no`,
  ),
  answer('an empty reason', '9112 4', status('200 ', 'Content-Length: 0'), status('200 ', 'Content-Length: 0')),
  answer(
    'no space behind the status',
    '9112 4',
    status('200', 'Content-Length: 0'),
    status('200 ', 'Content-Length: 0'),
  ),
  answer(
    'a reason of obs-text',
    '9112 4',
    status('200 \xe4 \t!', 'Content-Length: 0'),
    status('200 \xe4 \t!', 'Content-Length: 0'),
  ),
  answer(
    'fields in their order and case',
    '9110 5.3',
    ok('Set-Cookie: a=1', 'X-lower-UPPER: b', 'set-cookie: b=2', 'Content-Length: 0', 'Set-Cookie: c=3'),
    ok('Set-Cookie: a=1', 'X-lower-UPPER: b', 'set-cookie: b=2', 'Content-Length: 0', 'Set-Cookie: c=3'),
  ),
  answer(
    'blanks around values',
    '9112 5.1',
    ok('A: \t b \t', 'B:c', 'C:', 'Content-Length: 0'),
    ok('A: b', 'B: c', 'C: ', 'Content-Length: 0'),
  ),
  answer(
    'Keep-Alive and Proxy-Connection go no further',
    '9110 7.6.1',
    ok('Connection: keep-alive', 'Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive', 'Content-Length: 0'),
    ok('Content-Length: 0'),
  ),
  answer(
    'what Connection names goes no further',
    '9110 7.6.1',
    ok('Connection: foo', 'Foo: 1', 'Content-Length: 0'),
    ok('Content-Length: 0'),
  ),
  answer(
    "Connection can't remove what frames",
    '9110 7.6.1',
    `${ok('Connection: Content-Length', 'Content-Length: 2')}ok`,
    OK,
  ),
  answer(
    "Connection can't remove Set-Cookie",
    '9110 7.6.1',
    ok('Connection: Set-Cookie', 'Set-Cookie: a=1', 'Content-Length: 0'),
    ok('Set-Cookie: a=1', 'Content-Length: 0'),
  ),
  answer(
    'Upgrade goes no further with 200',
    '9110 7.8',
    ok('Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 0'),
    ok('Content-Length: 0'),
  ),
  answer(
    '426 says to what',
    '9110 15.5.22',
    status('426 Upgrade Required', 'Upgrade: h2c', 'Connection: Upgrade', 'Content-Length: 0'),
    status('426 Upgrade Required', 'Upgrade: h2c', 'Content-Length: 0', 'Connection: Upgrade'),
  ),
  answer(
    'a field of the agent goes no further',
    'zdlb',
    ok('X-Zdlb-Client: a', 'Content-Length: 0'),
    ok('Content-Length: 0'),
  ),

  answer(
    'close is of the worker, not of the client',
    '9112 9.6',
    `${ok('Connection: close', 'Content-Length: 2')}ok`,
    OK,
    { upstream: 'closed' },
  ),
  answer(
    'HTTP/1.0 is of the worker, not of the client',
    '9112 2.6',
    `${head('HTTP/1.0 200 OK', 'Content-Length: 2')}ok`,
    OK,
    { upstream: 'closed' },
  ),
  answer(
    'HTTP/1.0 with keep-alive',
    '9112 9.3',
    `${head('HTTP/1.0 200 OK', 'Connection: keep-alive', 'Content-Length: 2')}ok`,
    OK,
  ),
  conversation(
    'a body that ends with the connection ends that of the client',
    '9112 6.3',
    [client(GET, GET), workerEnds(`${ok('A: b')}hello`, `${closing(ok('A: b'))}hello`)],
    'closed',
    { upstream: 'closed' },
  ),
  conversation(
    'no body, ended with the connection',
    '9112 6.3',
    [client(GET, GET), workerEnds(ok(), closing(ok()))],
    'closed',
  ),
  conversation(
    'a body that ends with a connection of HTTP/1.0',
    '9112 6.3',
    [client(GET, GET), workerEnds(`${head('HTTP/1.0 200 OK')}a`, `${closing(ok())}a`)],
    'closed',
  ),
];
