import {
  type Case,
  GET,
  OK,
  client,
  clientEnds,
  conversation,
  failed,
  forwarded,
  get,
  head,
  post,
  worker,
  workerEnds,
} from './case.js';

const ASK = get('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: a');
const SEEN = get('Upgrade: websocket', 'Sec-WebSocket-Key: a', 'Connection: Upgrade');
const SWITCH = head('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade');

export const cases: readonly Case[] = [
  conversation(
    'both sides speak once the worker has switched, and may end apart',
    '9110 7.8',
    [
      client(ASK, SEEN),
      worker(SWITCH),
      client('\x81\x00\r\n\0', '\x81\x00\r\n\0'),
      worker('\xff\xfeGET / HTTP/1.1\r\n\r\n'),
      clientEnds('bye', 'bye'),
      workerEnds('and bye'),
    ],
    'closed',
    { upstream: 'closed' },
  ),
  conversation(
    'what the worker says behind 101 is passed',
    '9110 7.8',
    [client(ASK, SEEN), worker(`${SWITCH}early`), clientEnds('', ''), workerEnds('')],
    'closed',
  ),
  conversation(
    'what the client says before 101 is passed behind it',
    '9110 7.8',
    [client(`${ASK}early`, SEEN), worker(SWITCH), client('', 'early'), clientEnds('', ''), workerEnds('late')],
    'closed',
  ),
  conversation(
    'without 101 it is a request like any other',
    '9110 7.8',
    [client(ASK + GET, SEEN), worker(OK), client('', GET), worker(OK)],
    'open',
  ),
  conversation(
    '103 before 101',
    '9110 15.2',
    [
      client(ASK, SEEN),
      worker('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'),
      worker(SWITCH),
      clientEnds('', ''),
      workerEnds(''),
    ],
    'closed',
  ),
  conversation(
    'a worker that does not name its protocol in Connection',
    '9110 7.8',
    [
      client(ASK, SEEN),
      worker(head('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket'), SWITCH),
      clientEnds('', ''),
      workerEnds(''),
    ],
    'closed',
  ),
  conversation(
    '101 has no framing',
    '9110 15.2.2',
    [
      client(ASK, SEEN),
      worker(head('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Content-Length: 5'), SWITCH),
      client('hello', 'hello'),
      clientEnds('', ''),
      workerEnds(''),
    ],
    'closed',
  ),
  forwarded('an upgrade that Connection does not name', '9110 7.8', get('Upgrade: websocket'), GET),
  forwarded('a Connection that names no upgrade there is', '9110 7.8', get('Connection: Upgrade'), GET),
  forwarded(
    'an upgrade among other options',
    '9110 7.8',
    get('Connection: keep-alive, uPGRADE', 'Upgrade: websocket'),
    get('Upgrade: websocket', 'Connection: Upgrade'),
    { upstream: 'closed' },
  ),
  forwarded(
    'an upgrade to HTTP/2 without the settings that are hop-by-hop',
    '7540 3.2',
    get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAAA'),
    get('Upgrade: h2c', 'Connection: Upgrade'),
    { upstream: 'closed' },
  ),
  forwarded(
    'an upgrade with a body stays what it is without the upgrade',
    '9110 7.8',
    `${post('Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 2')}hi`,
    `${post('Content-Length: 2')}hi`,
  ),
  forwarded(
    'an upgrade with a body in chunks, likewise',
    '9110 7.8',
    `${post('Connection: Upgrade', 'Upgrade: h2c', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    `${post('Transfer-Encoding: chunked')}0\r\n\r\n`,
  ),
  conversation(
    'an upgrade of HTTP/1.0 is ignored',
    '9110 7.8',
    [
      client(head('GET / HTTP/1.0', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'), GET),
      worker(OK, OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')),
    ],
    'closed',
  ),
  failed('101 that nobody asked for', '9110 15.2.2', SWITCH),
  failed('101 to an upgrade that was not passed on', '9110 15.2.2', SWITCH, { request: post('Content-Length: 0') }),
];
