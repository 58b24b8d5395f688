import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../src/core/config.js';
import { Front } from '../../src/front.js';
import type { OpenDoor, Worker } from '../../src/supervisor/worker.js';
import { RecordedJournal } from '../fixtures/supervisor/journal.ts';
import { freePort } from '../kit/free-port.ts';

/** A program without an agent, and the door to it. */
async function program(serve: RequestListener, protocol: OpenDoor['protocol'] = 'http'): Promise<OpenDoor> {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: { port: (server.address() as AddressInfo).port }, protocol };
}

const answering = (status: number) => program((_, response) => response.writeHead(status).end());

/** What the front knows of a worker whose ports are these. */
const workerWith = (...doors: [port: number, door: OpenDoor][]) =>
  ({ doors: new Map(doors), gone: new Promise(() => {}) }) as unknown as Worker;

async function frontFor(worker: Worker, settings = {}): Promise<Front> {
  const config = parseConfig({ forwarded: 'off', ...settings }, 'config', (key) => key);
  const front = new Front(config, new RecordedJournal());
  onTestFinished(() => front.stopNow());
  for (const [port, { protocol }] of worker.doors)
    await front.open({ type: 'listening', asked: port, port, host: '127.0.0.1', protocol });
  front.swap([worker]);
  return front;
}

const soon = () => AbortSignal.timeout(5_000);

describe('a probe asks', () => {
  test('the first port on which HTTP is spoken', async () => {
    const [tcp, first, second] = [await answering(500), await answering(204), await answering(500)];
    const [a, b, c] = [await freePort(), await freePort(), await freePort()];
    const worker = workerWith([a, { ...tcp, protocol: 'tcp' }], [b, first], [c, second]);
    const front = await frontFor(worker);
    await front.probe(worker, '/', soon());
    await expect(front.probe(workerWith([c, second], [b, first]), '/', soon())).resolves.toBeUndefined();
  });

  test('that of --port before all others', async () => {
    const [first, second] = [await answering(500), await answering(204)];
    const [a, b] = [await freePort(), await freePort()];
    const worker = workerWith([a, first], [b, second]);
    const front = await frontFor(worker, { port: b });
    await front.probe(worker, '/', soon());
  });

  test('any port where none is known to speak HTTP', async () => {
    const worker = workerWith([await freePort(), { ...(await answering(204)), protocol: 'tcp' }]);
    const front = await frontFor(worker);
    await front.probe(worker, '/', soon());
  });

  test('nobody where no port is open', async () => {
    const front = await frontFor(workerWith());
    const asked = front.probe(workerWith(), '/healthz', soon());
    await expect(asked).rejects.toThrow(new Error('has no port open on which to ask GET /healthz'));
  });
});

describe('a tally', () => {
  test('sums up the answers on all ports, and no probes', async () => {
    const [good, bad] = [await freePort(), await freePort()];
    const worker = workerWith([good, await answering(200)], [bad, await answering(500)]);
    const front = await frontFor(worker);
    expect(front.tally(worker)).toEqual({ answers: 0, errors: 0 });
    for (const port of [good, bad, bad]) await (await request(`http://127.0.0.1:${port}`)).body.dump();
    await front.probe(worker, '/', soon());
    expect(front.tally(worker)).toEqual({ answers: 3, errors: 2 });
    expect(front.tally(workerWith())).toEqual({ answers: 0, errors: 0 });
  });

  test('goes on when the program opens its port anew', async () => {
    const port = await freePort();
    const worker = workerWith([port, await answering(500)]);
    const front = await frontFor(worker);
    await (await request(`http://127.0.0.1:${port}`)).body.dump();
    (worker.doors as Map<number, OpenDoor>).set(port, await answering(200));
    front.swap([worker]);
    await (await request(`http://127.0.0.1:${port}`)).body.dump();
    expect(front.tally(worker)).toEqual({ answers: 2, errors: 1 });
  });
});

test('--host is where the port of --port is opened, whichever the program opens first', async () => {
  const door = await answering(204);
  const [first, named] = [await freePort(), await freePort()];
  const front = await frontFor(workerWith([first, door], [named, door]), { port: named, host: '127.0.0.2' });
  expect(front.listeners.map(({ port }) => port)).toEqual([named, first]);
  expect((await request(`http://127.0.0.2:${named}`)).statusCode).toBe(204);
  await expect(request(`http://127.0.0.2:${first}`)).rejects.toThrow('ECONNREFUSED');
  expect((await request(`http://127.0.0.1:${first}`)).statusCode).toBe(204);
});
