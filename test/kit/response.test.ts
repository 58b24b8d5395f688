import { expect, test } from 'vitest';
import { ResponseParser, type Response } from './response.ts';

/** Reads `text` byte by byte as the answer to requests of those methods. */
function read(text: string, methods: readonly string[] = ['GET']): Response[] {
  const responses: Response[] = [];
  const parser = new ResponseParser({
    method: () => methods[responses.length],
    head: () => {},
    done: (response) => responses.push(response),
  });
  for (const byte of Buffer.from(text, 'latin1')) parser.push(Buffer.of(byte));
  if (!parser.idle) parser.end();
  return responses;
}

const bodies = (responses: readonly Response[]) => responses.map(({ body }) => body.toString());

test('reads sized, chunked and bodiless responses one after the other', () => {
  const text = [
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nde\r\n1\r\nf\r\n0\r\nSum: 9\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\nuntil the end',
  ].join('');
  const responses = read(text, ['GET', 'GET', 'HEAD', 'GET', 'GET', 'GET']);
  expect(bodies(responses)).toEqual(['abc', 'def', '', '', '', 'until the end']);
  expect(responses[1]!.trailers).toEqual(new Map([['sum', '9']]));
});

test('takes a body that is cut short for no response', () => {
  expect(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab')).toEqual([]);
  expect(read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n')).toEqual([]);
});

test.for([
  ['HTTP/1.0 200 OK\r\n\r\n', 'Bad status line'],
  ['HTTP/1.1 200 OK\r\n Folded: yes\r\n\r\n', 'Bad field line'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na', 'Bad Content-Length'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 'Both'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n', 'Bad chunk size'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\n', 'Bad end of a chunk'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab', 'Unasked bytes'],
] as const)('refuses %j', ([text, reason]) => {
  expect(() => read(text)).toThrow(reason);
});
