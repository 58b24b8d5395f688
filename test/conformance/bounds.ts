import { type Case, type Settings, but, chunked, forwarded, get, head, post, refused, spoiled } from './case.js';

const fields = (count: number) => Array.from({ length: count }, (_, i) => `A${i}: b`);
/** A GET whose head is `size` bytes long. */
const sized = (size: number) => get(`A: ${'x'.repeat(size - get('A: ').length)}`);
const KIB = 1_024;
const LAST = '0\r\n\r\n';

const within = (settings: Settings, ...items: readonly Case[]): readonly Case[] =>
  items.map((item) => but(item, { settings }));

export const cases: readonly Case[] = [
  forwarded('a head of 16 KiB', '9110 5.4', sized(16 * KIB), sized(16 * KIB)),
  refused('a head beyond 16 KiB', '9110 5.4', sized(16 * KIB + 1), 431),
  refused('a head far beyond it', '9110 5.4', sized(100 * KIB), 431),
  refused('a head of many short fields', '9110 5.4', get(...fields(3_000)), 431),
  refused('a head without end', '9110 5.4', `GET / HTTP/1.1\r\nHost: a\r\nA: ${'x'.repeat(40 * KIB)}`, 431),
  refused('a name without end', '9110 5.4', `GET / HTTP/1.1\r\nHost: a\r\n${'x'.repeat(40 * KIB)}`, 431),
  forwarded('100 fields', '9110 5.4', get(...fields(99)), get(...fields(99))),
  refused('101 fields', '9110 5.4', get(...fields(100)), 431),
  refused('a target without end', '9112 3', `GET /${'x'.repeat(40 * KIB)}`, 414),
  refused('a method without end', '9112 3', 'M'.repeat(40 * KIB), 400),
  ...within(
    { maxHeadSize: 1_000 },
    forwarded('a head at its bound', '9110 5.4', sized(1_000), sized(1_000)),
    refused('a head beyond its bound', '9110 5.4', sized(1_001), 431),
  ),
  ...within(
    { maxFields: 3 },
    forwarded('fields at their bound', '9110 5.4', get(...fields(2)), get(...fields(2))),
    refused('fields beyond their bound', '9110 5.4', get(...fields(3)), 431),
  ),
  ...within(
    { maxTargetSize: 10 },
    forwarded(
      'a target at its bound',
      '9112 3',
      head('GET /123456789 HTTP/1.1', 'Host: a'),
      head('GET /123456789 HTTP/1.1', 'Host: a'),
    ),
    refused('a target beyond its bound', '9112 3', head('GET /1234567890 HTTP/1.1', 'Host: a'), 414),
  ),
  ...within(
    { maxBodySize: 4 },
    forwarded(
      'a body at its bound',
      '9110 15.5.14',
      `${post('Content-Length: 4')}abcd`,
      `${post('Content-Length: 4')}abcd`,
    ),
    refused('a body beyond its bound', '9110 15.5.14', `${post('Content-Length: 5')}abcde`, 413),
    refused('a body far beyond its bound', '9110 15.5.14', post('Content-Length: 999999999999999'), 413),
    refused(
      'a body beyond its bound that asks first',
      '9110 10.1.1',
      post('Expect: 100-continue', 'Content-Length: 5'),
      413,
    ),
    forwarded(
      'chunks at their bound',
      '9110 15.5.14',
      chunked(`2\r\nab\r\n2\r\ncd\r\n${LAST}`),
      chunked(`2\r\nab\r\n2\r\ncd\r\n${LAST}`),
    ),
    spoiled(
      'chunks beyond their bound',
      '9110 15.5.14',
      chunked(`2\r\nab\r\n3\r\ncde\r\n${LAST}`),
      413,
      chunked('2\r\nab\r\n3\r\ncde'),
    ),
  ),
];
