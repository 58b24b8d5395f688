import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { spawnFront, startFront, type Front } from '../kit/front.ts';
import { killAtRandom } from '../kit/killer.ts';
import { startLoad } from '../kit/load.ts';
import { FRESH, FULL_SPEED, LIGHT } from '../kit/loads.ts';
import { RawClient, type Exchange } from '../kit/raw-client.ts';
import { fixture, Release } from '../kit/release.ts';
import { readAll } from './agent-harness.ts';

const path = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const CLUSTER = ['--backend', 'cluster'];

async function startVersions(...args: readonly string[]): Promise<{ front: Front; release: Release }> {
  const release = await Release.create(await fixture('load-server.cjs'));
  return { release, front: await startFront({ script: release.script, args: [...CLUSTER, ...args] }) };
}

/** A request on a connection of its own; resolves with what became of it, and never rejects. */
async function request(front: Front, id: string): Promise<Exchange> {
  const client = await RawClient.connect(front.port);
  const exchange = await client.exchange({ method: 'GET', bytes: `GET /now/${id} HTTP/1.1\r\nHost: test\r\n\r\n` });
  client.end();
  return exchange;
}

function answeredBy(exchange: Exchange): number {
  if ('failure' in exchange) throw new Error(`${exchange.failure}: ${exchange.detail}`);
  return Number(exchange.response.fields.get('x-pid'));
}

const named = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}-${at}`);

describe('a program sees its clients, and its public port,', () => {
  test.each(['net', 'tls', 'http'])('with %s', async (protocol) => {
    const front = await startFront({ script: path('agent/protocols.cjs'), scriptArgs: [protocol], args: CLUSTER });
    const { port } = front;
    const socket =
      protocol === 'tls'
        ? tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
        : connect(port, '127.0.0.1');
    await once(socket, protocol === 'tls' ? 'secureConnect' : 'connect');
    const asks = 'GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n';
    if (protocol === 'http') socket.write(asks);
    else socket.end();
    const { localPort: remotePort } = socket;
    const answer = (await readAll(socket)).split('\r\n\r\n').at(-1)!;
    expect(answer).toContain(`"remoteAddress":"::ffff:127.0.0.1","remotePort":${remotePort}`);
    expect(answer).toContain(`"localPort":${port}`);
  });

  test('under a framework', async () => {
    const front = await startFront({ script: path('programs/express.cjs'), args: CLUSTER });
    const [response] = (await once(http.get(`http://127.0.0.1:${front.port}/`), 'response')) as [http.IncomingMessage];
    expect(JSON.parse(await readAll(response))).toMatchObject({ port: front.port, remoteAddress: '::ffff:127.0.0.1' });
  });
});

test('connections go to the workers in turn', async () => {
  const { front } = await startVersions('--workers', '3');
  const pids = [];
  for (const id of named('turn', 6)) pids.push(answeredBy(await request(front, id)));
  expect(new Set(pids.slice(0, 3)).size).toBe(3);
  expect(pids.slice(3)).toEqual(pids.slice(0, 3));
});

test('bad code never takes over, and clients notice nothing of it', async () => {
  const { front, release } = await startVersions();
  const load = startLoad({ ...FULL_SPEED, lanes: 10 }, front.port);
  await load.tally.answeredBy('version', 1);
  await release.deploy(2, "throw new Error('bad code');");
  expect(await front.reload()).toMatchObject({ event: 'reload.failed' });
  const tally = await load.stop();
  expect(tally.outcomes).toEqual({ ok: tally.issued });
  expect([...tally.versions]).toEqual(['1']);
  expect(tally.connections).toBe(10);
});

test('no client hangs while workers are killed and connections come in great number', { timeout: 60_000 }, async () => {
  const { front } = await startVersions('--workers', '4');
  const loads = [startLoad(FRESH, front.port), startLoad({ ...LIGHT, connection: 'until told' }, front.port)];
  await Promise.all(loads.map(({ tally }) => tally.answeredBy('version', 1)));
  const kills = await killAtRandom(front, 3);
  expect(kills.pids.size).toBe(3);
  for (const load of loads) {
    const { ok = 0, ...lost } = (await load.stop()).outcomes;
    // What a killed worker had taken is cut off; nobody waits for an answer that never comes, and nobody is refused.
    expect(ok).toBeGreaterThan(0);
    expect(lost).not.toHaveProperty('timeout');
    expect(lost).not.toHaveProperty('refused');
    expect(load.tally.failed.length).toBeLessThanOrEqual(3 * 20);
  }
});

describe('connections that a stopped worker was given', () => {
  test('are answered by another one when it is killed', async () => {
    const { front } = await startVersions('--connect-timeout', '20s');
    const victim = front.workers(1).get(0)!;
    process.kill(victim, 'SIGSTOP');
    const settled: string[] = [];
    const asked = named('stopped', 20).map(async (id) => {
      const pid = answeredBy(await request(front, id));
      settled.push(id);
      return pid;
    });
    await Promise.race(asked); // the other worker answers its half
    const others = await Promise.all(named('other', 10).map((id) => Promise.race([request(front, id), ...asked])));
    expect(others.length).toBe(10);
    expect(settled.length).toBeLessThan(20);
    process.kill(victim, 'SIGKILL');
    const pids = await Promise.all(asked);
    expect(pids).toHaveLength(20);
    expect(pids).not.toContain(victim);
  });

  test('are answered by another one when it does not wake up in time, and by that one alone when it does', async () => {
    const { front } = await startVersions('--connect-timeout', '500ms');
    const victim = front.workers(1).get(0)!;
    process.kill(victim, 'SIGSTOP');
    const pids = await Promise.all(named('stopped', 20).map(async (id) => answeredBy(await request(front, id))));
    expect(pids).not.toContain(victim);
    process.kill(victim, 'SIGCONT');
    // It finds what it was sent too late, lets it be, and serves on.
    const load = startLoad(FRESH, front.port);
    await load.tally.answeredBy('pid', victim);
    const tally = await load.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  });
});

test('connections wait while no worker is ready, and are closed after the hold timeout', async () => {
  const { front } = await startVersions('--workers', '1');
  const since = front.mark();
  process.kill(front.workers(1).get(0)!, 'SIGKILL');
  await front.event('worker.exited', undefined, since);
  const successor = answeredBy(await request(front, 'held'));
  expect(successor).toBe(Number((await front.event('worker.ready', undefined, since))['pid']));

  const { front: impatient } = await startVersions(
    '--workers',
    '1',
    '--hold-timeout',
    '0ms',
    '--connect-timeout',
    '100ms',
  );
  process.kill(impatient.workers(1).get(0)!, 'SIGSTOP');
  expect(await request(impatient, 'refused')).toMatchObject({ failure: 'closed-before-response' });
});

test('a program that has nothing left to do ends, and gets a successor', async () => {
  const front = await startFront({ script: path('ends-itself.cjs'), args: [...CLUSTER, '--workers', '1'] });
  const since = front.mark();
  const [response] = (await once(http.get(`http://127.0.0.1:${front.port}/`), 'response')) as [http.IncomingMessage];
  const pid = Number(await readAll(response));
  expect(await front.event('worker.exited', undefined, since)).toMatchObject({ pid, code: 0, signal: null });
  await front.event('worker.ready', undefined, since);
});

test('a program that writes garbage to its IPC channel harms nobody', async () => {
  const front = await startFront({ script: path('agent/garbles.cjs'), args: CLUSTER });
  for (let connection = 0; connection < 4; connection++) {
    const [response] = (await once(http.get(`http://127.0.0.1:${front.port}/`), 'response')) as [http.IncomingMessage];
    expect(await readAll(response)).toBe('here');
  }
  expect(await front.stop()).toEqual({ code: 0, signal: null });
});

test('a stop lets go of idle clients at once, and lets a request under way end', async () => {
  const { front } = await startVersions();
  const [idle, busy] = [await RawClient.connect(front.port), await RawClient.connect(front.port)];
  await idle.exchange({ method: 'GET', bytes: 'GET /now/1 HTTP/1.1\r\nHost: test\r\n\r\n' });
  const answer = busy.exchange({ method: 'GET', bytes: 'GET /slow/2 HTTP/1.1\r\nHost: test\r\n\r\n' });
  const began = performance.now();
  const exit = front.stop();
  await idle.closed;
  expect(await answer).toMatchObject({ response: { status: 200 } });
  expect(await exit).toEqual({ code: 0, signal: null });
  expect(performance.now() - began).toBeLessThan(3_000);
});

test.each([
  ['--mode http', ['--mode', 'http']],
  ['--http-engine http-proxy', ['--http-engine', 'http-proxy']],
  ['--forwarded on', ['--forwarded', 'on']],
  ['--request-id', ['--request-id']],
])('refuses %s, which it can do nothing for', async (_, args) => {
  const port = String(await freePort());
  const front = spawnFront({ script: path('load-server.cjs'), args: ['--port', port, ...CLUSTER, ...args] });
  expect(await front.exited).toEqual({ code: 2, signal: null });
  expect(front.stderr).toContain(`Cannot use ${args[0]} with --backend cluster`);
});
