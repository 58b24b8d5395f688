import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../src/core/config.js';
import type { PublicAddress } from '../../src/core/public-address.js';
import { Book } from '../../src/proxy/book.js';
import type { Gate } from '../../src/proxy/listener.js';
import { PublicPort } from '../../src/public-port.js';
import type { Worker } from '../../src/supervisor/worker.js';
import { freePort } from '../kit/free-port.ts';
import { ENGINES } from '../kit/relay.ts';
import { Stage, dial } from '../kit/wire.ts';

const OPEN: Gate = { admit: (client, relay) => relay.accept(client, () => {}), dismiss() {} };

const premises = () => ({
  gate: OPEN,
  open: new Set<PublicAddress>(),
  books: { requests: new Book(), connections: new Book() },
});

test('a worker that has opened its port anew is not drained while a connection of the former door is open', async () => {
  const number = await freePort();
  const config = parseConfig({ script: 'server.js' }, 'config', (key) => key);
  const port = new PublicPort(number, 'tcp', config, premises());
  onTestFinished(() => port.close());
  await port.open({ port: number, host: '127.0.0.1' });
  const [former, latest] = [await Stage.open(), await Stage.open()];
  const doors = new Map([[number, { address: { port: former.port } }]]);
  const worker = { doors, slot: 0 } as unknown as Worker;
  port.swap([worker]);
  const client = await dial(number);
  const wire = await former.accepts();
  doors.set(number, { address: { port: latest.port } });
  port.swap([worker]);
  let isDrained = false;
  const drained = port.drained(worker).then(() => (isDrained = true));
  await turn();
  expect(isDrained).toBe(false);
  port.disperse(worker, 0, new AbortController().signal);
  await wire.ends();
  wire.socket.end();
  await Promise.all([client.ends(), drained]);
});

test.each(ENGINES)(
  'who waits for a worker when everything is closed is told that there is none, by the %s',
  async (engine) => {
    const number = await freePort();
    const config = parseConfig({ script: 'server.js', httpEngine: engine, holdMax: 1 }, 'config', (key) => key);
    const port = new PublicPort(number, 'http', config, premises());
    onTestFinished(() => port.close());
    await port.open({ port: number, host: '127.0.0.1' });
    const clients = await Promise.all([dial(number), dial(number)]);
    for (const client of clients) client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    // Only one may wait: when the other one is refused, it does.
    await Promise.race(clients.map((client) => client.ends()));
    expect(clients.filter(({ end }) => end === undefined)).toHaveLength(1);
    port.close();
    for (const client of clients) expect(await client.ends()).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: 1\r\n/);
  },
);
