import {
  type Case,
  GET,
  OK,
  client,
  conversation,
  forwarded,
  get,
  head,
  ok,
  post,
  refused,
  worker,
  workerEnds,
} from './case.js';

const OLD = head('GET / HTTP/1.0', 'Host: a');
const KEPT = head('GET / HTTP/1.0', 'Host: a', 'Connection: keep-alive');
const said = (answer: string, option: string) => answer.replace('\r\n\r\n', `\r\nConnection: ${option}\r\n\r\n`);
const closing = (name: string, rule: string, asked: string, seen: string, answer = OK, got = said(OK, 'close')) =>
  conversation(name, rule, [client(asked, seen), worker(answer, got)], 'closed');
const CHUNKS = `${ok('Transfer-Encoding: chunked')}2\r\nok\r\n1\r\n!\r\n0\r\n\r\n`;
const COUNTED = ok('Connection: close');

export const cases: readonly Case[] = [
  closing('goes on as HTTP/1.1, and its connection ends', '9112 9.3', OLD, GET),
  closing('without Host gets an empty one', '9112 3.2', head('GET / HTTP/1.0'), head('GET / HTTP/1.1', 'Host: ')),
  closing(
    'with a body',
    '9112 6.3',
    `${head('POST / HTTP/1.0', 'Host: a', 'Content-Length: 2')}hi`,
    `${post('Content-Length: 2')}hi`,
  ),
  closing('without a length has no body', '9112 6.3', head('POST / HTTP/1.0', 'Host: a'), post()),
  closing('what follows is not served', '9112 9.3', OLD + OLD, GET),
  closing('with close', '9112 9.3', head('GET / HTTP/1.0', 'Host: a', 'Connection: close'), GET),
  closing(
    'with keep-alive and close',
    '9112 9.3',
    head('GET / HTTP/1.0', 'Host: a', 'Connection: keep-alive, close'),
    GET,
  ),
  closing(
    'in absolute-form',
    '9112 3.2.2',
    head('GET http://a/b HTTP/1.0', 'Host: a'),
    head('GET /b HTTP/1.1', 'Host: a'),
  ),
  closing(
    'with fields that Connection names',
    '9110 7.6.1',
    head('GET / HTTP/1.0', 'Host: a', 'Connection: b', 'B: 1'),
    GET,
  ),
  conversation(
    'with keep-alive stays open, and is told so',
    '9112 9.3',
    [client(KEPT, GET), worker(OK, said(OK, 'keep-alive')), client(KEPT, GET), worker(OK, said(OK, 'keep-alive'))],
    'open',
  ),
  conversation(
    'pipelined with keep-alive',
    '9112 9.3.2',
    [client(KEPT + OLD, GET), worker(OK, said(OK, 'keep-alive')), client('', GET), worker(OK, said(OK, 'close'))],
    'closed',
  ),
  closing('never gets chunks', '9112 7.1', OLD, GET, CHUNKS, `${COUNTED}ok!`),
  closing('never gets chunks, not with keep-alive either', '9112 7.1', KEPT, GET, CHUNKS, `${COUNTED}ok!`),
  closing(
    'gets neither extensions nor trailers',
    '9112 7.1',
    OLD,
    GET,
    `${ok('Transfer-Encoding: chunked')}2;a=b\r\nok\r\n0\r\nA: b\r\n\r\n`,
    `${COUNTED}ok`,
  ),
  closing(
    'gets no coding with the answer to HEAD',
    '9112 6.1',
    head('HEAD / HTTP/1.0', 'Host: a'),
    head('HEAD / HTTP/1.1', 'Host: a'),
    ok('Transfer-Encoding: chunked'),
    COUNTED,
  ),
  closing(
    'never gets an interim response',
    '9110 15.2',
    OLD,
    GET,
    `HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}`,
  ),
  conversation(
    'gets a body that ends with the connection',
    '9112 6.3',
    [client(KEPT, GET), workerEnds(`${ok('A: b')}ok`, `${ok('A: b', 'Connection: close')}ok`)],
    'closed',
  ),
  conversation(
    'gets a part of chunks that are cut short, and a reset',
    '9112 8',
    [client(OLD, GET), workerEnds(`${ok('Transfer-Encoding: chunked')}2\r\nok\r\n`, `${COUNTED}ok`)],
    'cut',
  ),
  refused(
    'with a Transfer-Encoding',
    '9112 6.1',
    `${head('POST / HTTP/1.0', 'Host: a', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    400,
  ),
  refused(
    'with a Transfer-Encoding and a Content-Length',
    '9112 6.1',
    `${head('POST / HTTP/1.0', 'Host: a', 'Transfer-Encoding: chunked', 'Content-Length: 5')}0\r\n\r\n`,
    400,
  ),
  refused(
    'with two Content-Lengths',
    '9112 6.3',
    head('POST / HTTP/1.0', 'Content-Length: 0', 'Content-Length: 0'),
    400,
  ),
  refused('CONNECT', '9110 9.3.6', head('CONNECT a:80 HTTP/1.0'), 501),
  refused('with LF for line ends', '9112 2.2', 'GET / HTTP/1.0\n\n', 400),
  forwarded('and HTTP/1.1 on one connection', '9112 9.3', GET + get('A: b'), [GET, get('A: b')]),
];
