import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AdmissionSettings } from '../../src/proxy/admission.js';
import { freePort } from '../kit/free-port.js';
import { spawnFront, startFront } from '../kit/front.js';
import { GET, OK, backendAt, openRelay } from '../kit/relay.js';
import { Wire, dial } from '../kit/wire.js';

const script = fileURLToPath(new URL('../fixtures/load-server.cjs', import.meta.url));
const BOUNDS: AdmissionSettings = {
  maxConnections: 1,
  maxConnectionsPerAddress: Infinity,
  holdMax: 100,
  holdTimeout: 20_000,
};

async function scene(mode: 'http' | 'tcp', bounds: Partial<AdmissionSettings> = {}) {
  const worker = await AnsweringWorker.open();
  const relay = await openRelay(mode, { bounds: { ...BOUNDS, ...bounds } });
  relay.balancer.swap([backendAt(worker.port)]);
  return { ...relay, worker };
}

/** A worker that answers each request at once, and remembers its target. */
class AnsweringWorker {
  readonly asked: string[] = [];
  readonly #server = createServer((socket) => {
    socket.setEncoding('latin1').on('data', (text: string) => {
      for (const [, target] of text.matchAll(/GET (\S+)[^]*?\r\n\r\n/g)) {
        this.asked.push(target!);
        socket.write(OK);
      }
    });
    socket.on('error', () => {});
  });

  static async open(): Promise<AnsweringWorker> {
    const worker = new AnsweringWorker();
    worker.#server.listen(0, '127.0.0.1');
    await once(worker.#server, 'listening');
    onTestFinished(() => void worker.#server.close());
    return worker;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
}

/** Connects from another address of this machine. */
async function dialFrom(localAddress: string, port: number): Promise<Wire> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  const wire = new Wire(socket);
  await once(socket, 'connect');
  return wire;
}

async function until(isMet: () => boolean): Promise<void> {
  while (!isMet()) await new Promise(setImmediate);
}

describe.each(['http', 'tcp'] as const)('in %s mode', (mode) => {
  test('a connection beyond the bound waits unread, and is served when another ends', async () => {
    const { port, worker, admission, relay } = await scene(mode);
    const first = await dial(port);
    const second = await dial(port);
    second.send(GET);
    await until(() => admission.parked === 1);
    first.send(GET);
    await first.gets(OK);
    expect([relay.connections, worker.asked.length, second.received]).toEqual([1, 1, '']);
    first.socket.resetAndDestroy();
    await second.gets(OK);
    second.socket.resetAndDestroy();
    await until(() => admission.open === 0);
    expect([admission.parked, admission.origins]).toEqual([0, 0]);
  });

  test('those that wait are served in the order in which they came', async () => {
    const { port, worker, admission } = await scene(mode);
    const clients: Wire[] = [];
    for (const at of [0, 1, 2, 3, 4]) {
      const client = await dial(port);
      client.send(`GET /${at} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await until(() => admission.open + admission.parked === at + 1);
      clients.push(client);
    }
    for (const [at, client] of clients.entries()) {
      await client.gets(OK);
      expect(worker.asked).toHaveLength(at + 1);
      client.socket.resetAndDestroy();
    }
    expect(worker.asked).toEqual(['/0', '/1', '/2', '/3', '/4']);
  });

  test('an address at its bound waits for itself alone', async () => {
    const { port, admission } = await scene(mode, { maxConnections: 100, maxConnectionsPerAddress: 1 });
    const first = await dialFrom('127.0.0.1', port);
    const waiting = await dialFrom('127.0.0.1', port);
    waiting.send(GET);
    await until(() => admission.parked === 1);
    for (const address of ['127.0.0.2', '127.0.0.3']) {
      const other = await dialFrom(address, port);
      other.send(GET);
      await other.gets(OK);
    }
    expect(waiting.received).toBe('');
    first.socket.resetAndDestroy();
    await waiting.gets(OK);
  });

  test('beyond those that may wait, a connection is closed at once', async () => {
    const { port, admission } = await scene(mode, { holdMax: 1 });
    const first = await dial(port);
    const second = await dial(port);
    await until(() => admission.parked === 1);
    const third = await dial(port);
    expect(await third.ends()).toBe('');
    expect([first.end, second.end]).toEqual([undefined, undefined]);
  });

  test('a connection that waits too long is closed', async () => {
    const { port, admission } = await scene(mode, { holdTimeout: 100 });
    const first = await dial(port);
    const [second, third] = [await dial(port), await dial(port)];
    expect([await second.ends(), await third.ends()]).toEqual(['', '']);
    expect(first.end).toBe(undefined);
    expect([admission.open, admission.parked]).toEqual([1, 0]);
  });

  test('a client that was reset while it waits makes way as soon as it comes in', async () => {
    const { port, admission } = await scene(mode);
    const first = await dial(port);
    const leaving = await dial(port);
    leaving.send(GET);
    await until(() => admission.parked === 1);
    leaving.socket.resetAndDestroy();
    const third = await dial(port);
    third.send(GET);
    await until(() => admission.parked === 2);
    first.socket.resetAndDestroy();
    await third.gets(OK);
  });

  test('what a client asked before it ended, while it waited, is answered', async () => {
    const { port, admission } = await scene(mode);
    const first = await dial(port);
    const second = await dial(port);
    second.socket.end(GET);
    await until(() => admission.parked === 1);
    first.socket.resetAndDestroy();
    expect(await second.ends()).toMatch(/200 OK[^]*ok$/);
    await until(() => admission.open === 0);
  });

  test('raising the bound lets in at once who waits', async () => {
    const { port, admission } = await scene(mode);
    await dial(port);
    const second = await dial(port);
    second.send(GET);
    await until(() => admission.parked === 1);
    admission.configure({ ...BOUNDS, maxConnections: 2 });
    await second.gets(OK);
  });

  test('those that wait are closed when the port is', async () => {
    const { port, worker, admission, listener } = await scene(mode);
    const first = await dial(port);
    const second = await dial(port);
    second.send(GET);
    await until(() => admission.parked === 1);
    const finished = listener.finish();
    expect(await second.ends()).toBe('');
    first.socket.resetAndDestroy();
    await finished;
    await until(() => admission.open === 0);
    expect([admission.parked, worker.asked.length]).toEqual([0, 0]);
  });

  test('500 clients over a bound of 10 are all served', async () => {
    const bounds = { maxConnections: 10, maxConnectionsPerAddress: 3, holdMax: 500 };
    const { port, worker, admission } = await scene(mode, bounds);
    let most = 0;
    const answers = await Promise.all(
      Array.from({ length: 500 }, async (_, at) => {
        const client = await dialFrom(`127.0.0.${1 + (at % 7)}`, port);
        client.send(GET);
        await client.gets(OK);
        most = Math.max(most, admission.open);
        client.socket.end();
        return client.received;
      }),
    );
    expect(new Set(answers)).toEqual(new Set([OK]));
    expect(worker.asked).toHaveLength(500);
    expect(most).toBeLessThanOrEqual(10);
    await until(() => admission.open === 0);
    expect([admission.parked, admission.origins]).toEqual([0, 0]);
  });
});

/** One request on a connection of its own; how it ended. */
async function ask(port: number): Promise<string> {
  const client = await dial(port);
  client.send('GET /slow/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await client.ends();
  client.socket.destroy();
  return /^HTTP\/1.1 \d+/.exec(client.received)?.[0] ?? `${client.end} after ${JSON.stringify(client.received)}`;
}

describe('a front', () => {
  test('tells once that its bound is reached, and ends promptly with connections that wait', async () => {
    const front = await startFront({ script, args: ['--max-connections', '1', '--drain-timeout', '20s'] });
    const first = await dial(front.port);
    const others = [await dial(front.port), await dial(front.port)];
    await front.event('connections.full', ({ bound }) => bound === 'total');
    const stopped = front.stop();
    for (const other of others) await other.ends();
    first.socket.resetAndDestroy();
    expect(await stopped).toEqual({ code: 0, signal: null });
    expect(front.entries.filter(({ event }) => event === 'connections.full')).toHaveLength(1);
  });

  test('takes new bounds from SIGHUP at once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'zdlb-connections-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'zdlb.json');
    const settings = { script, port: await freePort(), workers: 1, maxConnections: 1 };
    await writeFile(path, JSON.stringify(settings));
    const front = spawnFront({ args: ['--config', path] });
    await front.event('serving');
    await dial(front.port);
    const second = await dial(front.port);
    second.send('GET /now/x HTTP/1.1\r\nHost: a\r\n\r\n');
    await front.event('connections.full');
    await writeFile(path, JSON.stringify({ ...settings, maxConnections: 'off' }));
    front.signal('SIGHUP');
    await second.gets('200 OK');
  });

  test.runIf(process.platform === 'linux').each(['http', 'tcp'])(
    'lowers its bound to what its open files can hold, and still serves all who wait (%s)',
    async (mode) => {
      const front = await startFront({ script, openFiles: 256, args: ['--workers', '1', '--mode', mode] });
      const { maxConnections, level } = await front.event('connections.lowered');
      expect({ maxConnections, level }).toEqual({ maxConnections: 61, level: 40 });
      expect(await front.reload()).toMatchObject({ event: 'reload.done' });
      const answers = await Promise.all(Array.from({ length: 100 }, () => ask(front.port)));
      expect(new Set(answers)).toEqual(new Set(['HTTP/1.1 200']));
      const told = (name: string) => front.entries.filter(({ event }) => event === name);
      expect([told('connections.full').length, told('connections.lowered').length]).toEqual([1, 1]);
    },
  );
});
