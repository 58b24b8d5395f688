import { type Case, OK, client, conversation, get, head, post, refused, worker, forwarded } from './case.js';

const ASK = post('Expect: 100-continue', 'Content-Length: 5');
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const EARLY = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n';
const CHUNKED = post('Expect: 100-continue', 'Transfer-Encoding: chunked');

export const cases: readonly Case[] = [
  conversation(
    '100 (Continue) comes from the worker',
    '9110 10.1.1',
    [client(ASK, ASK), worker(CONTINUE), client('hello', 'hello'), worker(OK)],
    'open',
    { upstream: 'kept' },
  ),
  conversation(
    '100 (Continue) before chunks',
    '9110 10.1.1',
    [client(CHUNKED, CHUNKED), worker(CONTINUE), client('1\r\na\r\n0\r\n\r\n', '1\r\na\r\n0\r\n\r\n'), worker(OK)],
    'open',
  ),
  conversation(
    '100 and the answer at once',
    '9110 15.2',
    [client(`${ASK}hello`, `${ASK}hello`), worker(CONTINUE + OK)],
    'open',
  ),
  conversation(
    'a body that does not wait for 100',
    '9110 10.1.1',
    [client(`${ASK}hello`, `${ASK}hello`), worker(OK)],
    'open',
  ),
  conversation(
    'a body that comes while 100 is on its way',
    '9110 10.1.1',
    [client(ASK, ASK), client('he', 'he'), worker(CONTINUE), client('llo', 'llo'), worker(OK)],
    'open',
  ),
  conversation(
    'an answer instead of 100 ends the connection',
    '9110 10.1.1',
    [client(ASK, ASK), worker(EARLY)],
    'closed',
    {
      upstream: 'closed',
    },
  ),
  conversation(
    'an answer instead of 100, and no body to come',
    '9110 10.1.1',
    [
      client(post('Expect: 100-continue', 'Content-Length: 0'), post('Expect: 100-continue', 'Content-Length: 0')),
      worker(EARLY),
    ],
    'open',
  ),
  forwarded(
    'an expectation in other case',
    '9110 10.1.1',
    post('eXPECT: 100-CONTINUE', 'Content-Length: 0'),
    post('eXPECT: 100-CONTINUE', 'Content-Length: 0'),
  ),
  forwarded('an expectation without a body', '9110 10.1.1', get('Expect: 100-continue'), get('Expect: 100-continue')),
  forwarded(
    'an expectation that Connection names',
    '9110 7.6.1',
    get('Connection: Expect', 'Expect: 100-continue'),
    get('Expect: 100-continue'),
  ),
  conversation(
    'an expectation of HTTP/1.0 is ignored',
    '9110 10.1.1',
    [
      client(
        `${head('POST / HTTP/1.0', 'Host: a', 'Expect: 100-continue', 'Content-Length: 2')}hi`,
        `${post('Content-Length: 2')}hi`,
      ),
      worker(OK, OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')),
    ],
    'closed',
  ),
  refused('an unknown expectation', '9110 10.1.1', post('Expect: tea', 'Content-Length: 0'), 417),
  refused('an empty expectation', '9110 10.1.1', post('Expect:', 'Content-Length: 0'), 417),
  refused('another number', '9110 10.1.1', post('Expect: 101-continue', 'Content-Length: 0'), 417),
  refused(
    'a known expectation among others',
    '9110 10.1.1',
    post('Expect: 100-continue, tea', 'Content-Length: 0'),
    417,
  ),
  refused(
    'an unknown expectation behind a known one',
    '9110 10.1.1',
    post('Expect: 100-continue', 'Expect: a', 'Content-Length: 0'),
    417,
  ),
];
