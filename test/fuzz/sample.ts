import type { Random } from '../kit/random.js';

/** What is fine, and what at least one parser in the world reads otherwise. */
interface Choice {
  readonly fine: readonly string[];
  readonly odd: readonly string[];
}

/** One choice in so many is odd: enough for most samples to have none or one. */
const ODD = 25;

const METHOD: Choice = {
  fine: ['GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'PURGE'],
  odd: ['TRACE', 'CONNECT', 'get', 'BREW', 'G(T', '', ' GET'],
};
const TARGET: Choice = {
  fine: ['/', '/', '/a?b=c', '//a', '/%00', '/{a}', 'http://a/', 'http://A/b?c', 'https://a'],
  odd: ['*', 'http://a?b', 'http://b/', 'a', '/#a', 'a:80', '/\xe4', '/ a', 'ftp://a/', 'http://u@a/', ''],
};
const VERSION: Choice = {
  fine: ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'],
  odd: ['HTTP/1.2', 'http/1.1', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1', 'HTTP/1.1 ', 'HTTP/1.10'],
};
const HOST: Choice = { fine: ['a', 'A', 'a'], odd: ['a:80', '[::1]', 'a, b', 'u@a', '', 'a/b', 'a b', 'a\t'] };
const FIELD: Choice = {
  fine: [
    'A: b',
    'A:b',
    'A:',
    'A: \t b \t',
    'A: \xe4',
    'a: B\tC',
    'Connection: keep-alive',
    'Connection: A, Content-Length, Host',
    'Connection: x, A',
    'Connection: Transfer-Encoding',
    'Keep-Alive: 5',
    'Proxy-Connection: keep-alive',
    'TE: trailers',
    'Trailer: A',
    'X-Zdlb-Client: 1',
    'X-Forwarded-For: 1',
    'Cookie: a=b',
    'Content_Length: 5',
  ],
  odd: [
    'A : b',
    'A\t: b',
    ' A: b',
    'A: b\r\n c',
    'A: b\0',
    'A: b\rc',
    'A: b\nC: d',
    'Connection: close',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Expect: 100-continue',
    'Expect: x',
    'Content-Length : 5',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: chunked',
    'Content-Length: 5',
    'Host: b',
    '"A": b',
    'A',
    ': b',
  ],
};
const CODING: Choice = {
  fine: ['chunked', 'Chunked', ' chunked ', 'CHUNKED'],
  odd: [
    'chunked,',
    ',chunked',
    'chunked, chunked',
    'gzip, chunked',
    'identity',
    '\x0bchunked',
    '"chunked"',
    'chunked;a',
    '',
  ],
};
const TRAILERS: Choice = {
  fine: ['', '', '', 'A: b\r\n', 'Content-Length: 9\r\nB: c\r\n', 'Host: b\r\n'],
  odd: ['A : b\r\n', 'A\r\n', ' A: b\r\n', 'A: b\nC: d\r\n', 'A: b\0\r\n'],
};
const END: Choice = { fine: ['\r\n'], odd: ['\n', '\r', '\r\r\n', '\n\r', ' \r\n', '\r\n\r\n'] };
const BODIES = ['', 'x', 'hello', '0\r\n\r\n', 'GET /s HTTP/1.1\r\nHost: s\r\n\r\n', '\r\n', 'HTTP/1.1 200 OK\r\n\r\n'];
const REQUEST_FRAMING = ['none', 'none', 'length', 'length', 'chunked', 'chunked', 'both'] as const;
const RESPONSE_FRAMING = ['none', 'length', 'length', 'length', 'chunked', 'chunked', 'chunked', 'both'] as const;
const STATUS: Choice = {
  fine: ['200 OK', '200 OK', '200 OK', '200 ', '200', '204 No Content', '304 Not Modified', '404 \xe4', '500 A\tB'],
  odd: ['20 OK', '2000 OK', '99 A', '2x0 OK', ' 200 OK', '200  OK', '101 A', '200 O\0K', '600 A'],
};
const INTERIMS = ['100 Continue', '102 A', '103 A\r\nA: b', '103 A\r\nContent-Length: 3'];

/** Requests on one connection, mostly well formed, with what parsers read differently strewn in. */
export function samplePipeline(random: Random): string {
  return Array.from({ length: 1 + random.below(3) }, () => sampleRequest(random)).join(
    random.below(10) === 0 ? '\r\n' : '',
  );
}

/** An answer, in the same spirit. */
export function sampleResponse(random: Random): string {
  const interim = random.below(6) === 0 ? `HTTP/1.1 ${random.pick(INTERIMS)}\r\n\r\n` : '';
  const line = `${choose(VERSION, random)} ${choose(STATUS, random)}`;
  return interim + sampleMessage([line], random.pick(RESPONSE_FRAMING), random);
}

function sampleRequest(random: Random): string {
  const line = `${choose(METHOD, random)} ${choose(TARGET, random)} ${choose(VERSION, random)}`;
  const host = random.below(ODD) === 0 ? [] : [`Host: ${choose(HOST, random)}`];
  return sampleMessage([line, ...host], random.pick(REQUEST_FRAMING), random);
}

function sampleMessage(lines: string[], framing: (typeof REQUEST_FRAMING)[number], random: Random): string {
  for (let count = random.below(4); count > 0; count--) lines.push(choose(FIELD, random));
  const body = random.pick(BODIES);
  const hasChunks = framing === 'chunked' || (framing === 'both' && random.below(4) === 0);
  if (hasChunks) lines.push(`Transfer-Encoding: ${choose(CODING, random)}`);
  if (framing === 'length' || framing === 'both') lines.push(`Content-Length: ${sampleLength(random, body.length)}`);
  if (random.below(ODD) === 0) lines.push(random.pick(lines));
  const content = hasChunks ? sampleChunks(random, body) : framing === 'none' ? '' : body;
  return [...lines, ''].map((text) => `${text}${choose(END, random)}`).join('') + content;
}

function sampleChunks(random: Random, body: string): string {
  const at = random.below(body.length + 1);
  const chunks = [body.slice(0, at), body.slice(at)].filter((data) => data !== '');
  const text = chunks.map((data) => `${size(random, data.length)}${choose(END, random)}${data}${choose(END, random)}`);
  return `${text.join('')}${size(random, 0)}${choose(END, random)}${choose(TRAILERS, random)}${choose(END, random)}`;
}

function size(random: Random, length: number): string {
  const hex = length.toString(16);
  const fine = [hex, hex, hex.toUpperCase(), `0${hex}`, `00${hex}`, `${hex};a=b`, `${hex};a="b"`];
  const odd = [
    `0x${hex}`,
    `+${hex}`,
    ` ${hex}`,
    `${hex} `,
    `${hex} ;a`,
    `${hex};"\n"`,
    `1${'0'.repeat(16)}${hex}`,
    `-${hex}`,
    '',
  ];
  return choose({ fine, odd }, random);
}

function sampleLength(random: Random, length: number): string {
  const odd = [
    `+${length}`,
    `-${length}`,
    `${length}, ${length}`,
    `0x${length}`,
    `${length + 1}`,
    `${length + 2 ** 32}`,
  ];
  const more = [`1${'0'.repeat(19)}${length}`, '', `${length}.0`, `${length}\t`, `${length};`];
  return choose({ fine: [`${length}`, `${length}`, `0${length}`, `${length} `], odd: [...odd, ...more] }, random);
}

function choose({ fine, odd }: Choice, random: Random): string {
  return random.pick(random.below(ODD) === 0 ? odd : fine);
}
