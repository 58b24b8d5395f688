import { type AddressInfo, createServer } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { type Case, GET, OK, answer, broken, chunked, forwarded, get, refused, spoiled } from './case.js';
import { AT_ONCE, ONE_BY_ONE, deliver, inPieces } from './delivery.js';
import { Line } from './line.js';
import { Trial } from './trial.js';

const BAD = 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n';
const CLOSING = OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');

const WRONG: readonly Case[] = [
  forwarded('the worker sees less', '', GET, get('A: b')),
  forwarded('the worker sees more', '', GET + GET, GET),
  forwarded('the worker sees something else', '', get('A: b'), get('A: c')),
  forwarded('what should be forwarded is refused', '', BAD, GET),
  forwarded('the connection ends', '', get('Connection: close'), GET),
  refused('what should be refused is forwarded', '', GET, 400),
  refused('the status is another', '', BAD, 414),
  spoiled('the worker sees a whole request', '', chunked('0\r\n\r\n'), 400, chunked('')),
  answer('the client gets something else', '', OK, CLOSING),
  answer('the connection to the worker is not kept', '', `${OK}!`, OK),
  answer('the connection to the worker is kept', '', OK, OK, { upstream: 'closed' }),
  broken('the client gets a whole answer', '', OK, OK),
];

// They wait for what never comes; side by side that takes as long as one of them.
test('a trial fails wherever the relay does anything else than its case says', async () => {
  const outcomes = await Promise.allSettled(WRONG.map((item) => Trial.run(item, AT_ONCE)));
  const passed = WRONG.filter((_, index) => outcomes[index]!.status === 'fulfilled');
  expect(passed.map(({ name }) => name)).toEqual([]);
});

test.each([ONE_BY_ONE, inPieces(1)])('bytes that are sent $name are read so', async (delivery) => {
  const reads: number[] = [];
  const server = createServer((socket) => socket.on('data', (bytes) => reads.push(bytes.length)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const line = await Line.to((server.address() as AddressInfo).port);
  onTestFinished(() => {
    line.socket.destroy();
    server.close();
  });
  const text = GET.repeat(5);
  await deliver(line.socket, { ...delivery, cut: (whole) => (sizes = delivery.cut(whole)) }, text);
  while (reads.reduce((sum, size) => sum + size, 0) < text.length) await new Promise(setImmediate);
  expect(reads).toEqual(sizes.map((piece) => piece.length));
});

let sizes: readonly string[] = [];
