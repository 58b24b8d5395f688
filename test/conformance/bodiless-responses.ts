import { type Case, OK, answer, client, conversation, head, ok, post, worker, workerEnds } from './case.js';

const HEAD = head('HEAD / HTTP/1.1', 'Host: a');
const POST = post('Content-Length: 0');
const CHUNKED = ok('Transfer-Encoding: chunked');
const status = (line: string, ...lines: readonly string[]) => head(`HTTP/1.1 ${line}`, ...lines);

/** HEAD, 204, 304 and 1xx have no body, whatever their fields say (RFC 9112 6.3). */
export const cases: readonly Case[] = [
  answer('HEAD has no body, whatever the length', '9110 9.3.2', ok('Content-Length: 5'), ok('Content-Length: 5'), {
    request: HEAD,
  }),
  answer('HEAD has no body, whatever the coding', '9110 9.3.2', CHUNKED, CHUNKED, { request: HEAD }),
  answer('HEAD has no body, and no length either', '9110 9.3.2', ok('A: b'), ok('A: b'), { request: HEAD }),
  answer('a body to HEAD goes no further', '9110 9.3.2', OK, ok('Content-Length: 2'), {
    request: HEAD,
    upstream: 'closed',
  }),
  answer(
    '204 has no body and no length',
    '9110 8.6',
    status('204 No Content', 'Content-Length: 0'),
    status('204 No Content'),
  ),
  answer(
    '204 has no body and no coding',
    '9112 6.1',
    status('204 No Content', 'Transfer-Encoding: chunked'),
    status('204 No Content'),
  ),
  answer('204 with nothing', '9110 15.3.5', status('204 No Content', 'A: b'), status('204 No Content', 'A: b')),
  answer(
    'a body of 204 goes no further',
    '9110 15.3.5',
    `${status('204 No Content', 'Content-Length: 2')}ok`,
    status('204 No Content'),
    { upstream: 'closed' },
  ),
  answer(
    '304 has no body, whatever the length',
    '9110 15.4.5',
    status('304 Not Modified', 'Content-Length: 5'),
    status('304 Not Modified', 'Content-Length: 5'),
  ),
  answer(
    '304 has no body, whatever the coding',
    '9112 6.1',
    status('304 Not Modified', 'Transfer-Encoding: chunked'),
    status('304 Not Modified', 'Transfer-Encoding: chunked'),
  ),
  answer('a body of 304 goes no further', '9110 15.4.5', `${status('304 Not Modified')}x`, status('304 Not Modified'), {
    upstream: 'closed',
  }),
  answer(
    '304 that ends the connection of the worker',
    '9112 9.6',
    status('304 Not Modified', 'Connection: close'),
    status('304 Not Modified'),
    { upstream: 'closed' },
  ),

  answer(
    '100 comes before the answer',
    '9110 15.2.1',
    `HTTP/1.1 100 Continue\r\n\r\n${OK}`,
    `HTTP/1.1 100 Continue\r\n\r\n${OK}`,
  ),
  answer(
    '102 comes before the answer',
    '2518 10.1',
    `HTTP/1.1 102 Processing\r\n\r\n${OK}`,
    `HTTP/1.1 102 Processing\r\n\r\n${OK}`,
  ),
  answer(
    '103 comes before the answer, with its fields',
    '8297 2',
    `${status('103 Early Hints', 'Link: <a>; rel=preload', 'Connection: foo', 'Foo: 1')}${OK}`,
    `${status('103 Early Hints', 'Link: <a>; rel=preload')}${OK}`,
  ),
  answer(
    'several interim responses in a row',
    '9110 15.2',
    status('100 Continue') +
      status('102 Processing') +
      status('103 Early Hints', 'A: b') +
      status('103 Early Hints', 'A: c') +
      status('199 Odd') +
      OK,
    status('100 Continue') +
      status('102 Processing') +
      status('103 Early Hints', 'A: b') +
      status('103 Early Hints', 'A: c') +
      status('199 Odd') +
      OK,
  ),
  answer(
    'an interim response has no framing',
    '9112 6',
    `${status('103 Early Hints', 'Content-Length: 5')}${OK}`,
    `${status('103 Early Hints')}${OK}`,
  ),
  answer(
    'an interim response has no coding',
    '9112 6.1',
    `${status('103 Early Hints', 'Transfer-Encoding: chunked')}${OK}`,
    `${status('103 Early Hints')}${OK}`,
  ),
  answer(
    'an interim response before an answer to HEAD',
    '9110 15.2',
    status('103 Early Hints') + ok('Content-Length: 5'),
    status('103 Early Hints') + ok('Content-Length: 5'),
    { request: HEAD },
  ),
  conversation(
    'an answer that ends behind an interim response',
    '9112 8',
    [client(POST, POST), worker(status('103 Early Hints')), workerEnds('', '')],
    'failed',
    { upstream: 'closed' },
  ),
];
