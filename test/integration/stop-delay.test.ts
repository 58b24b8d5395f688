import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { type Front, spawnFront, startFront } from '../kit/front.ts';
import { RawClient } from '../kit/raw-client.ts';
import { zdlb } from '../kit/verb.ts';

const SERVER = fileURLToPath(new URL('../fixtures/load-server.cjs', import.meta.url));
/** Longer than any test runs: a stop that comes before has not waited for it. */
const LONG = '10m';

const start = (delay: string) => startFront({ script: SERVER, args: ['--stop-delay', delay, '--workers', '1'] });

async function answerOf(front: Front): Promise<number | string> {
  const client = await RawClient.connect(front.port);
  const exchange = await client.exchange({ method: 'GET', bytes: 'GET /now/1 HTTP/1.1\r\nHost: test\r\n\r\n' });
  client.end();
  return 'response' in exchange ? exchange.response.status : exchange.failure;
}

async function announced(delay: string): Promise<Front> {
  const front = await start(delay);
  front.signal('SIGTERM');
  await front.event('stopping');
  return front;
}

test('within the stop delay new connections are served, and the status says that it stops', async () => {
  const front = await announced(LONG);
  expect(await answerOf(front)).toBe(200);
  const { stdout } = await zdlb(['status', '--json'], { home: front.home });
  expect(JSON.parse(stdout)).toMatchObject({ state: 'stopping' });
});

test('within the stop delay /healthz answers 503, though new connections are served', async () => {
  const admin = await freePort();
  const args = ['--stop-delay', LONG, '--workers', '1', '--admin', `127.0.0.1:${admin}`];
  const front = await startFront({ script: SERVER, args });
  const health = async () => {
    const answer = await fetch(`http://127.0.0.1:${admin}/healthz`, { headers: { connection: 'close' } });
    return [answer.status, await answer.text()];
  };
  expect(await health()).toEqual([200, 'ok\n']);
  front.signal('SIGTERM');
  await front.event('stopping');
  expect(await health()).toEqual([503, 'stopping\n']);
  expect(await answerOf(front)).toBe(200);
});

test('within the stop delay no reload begins any more', async () => {
  const front = await announced(LONG);
  const { code, stderr } = await zdlb(['reload'], { home: front.home });
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'zdlb: Cannot reload: zdlb is stopping\n' });
});

test('zdlb stop returns when it is over, however long that takes', { timeout: 60_000 }, async () => {
  const front = await start('21s'); // a connection that asks nothing is closed within twenty
  const began = performance.now();
  expect(await zdlb(['stop'], { home: front.home })).toMatchObject({ code: 0 });
  expect(performance.now() - began).toBeGreaterThan(21_000);
  expect(await front.exited).toEqual({ code: 0, signal: null });
});

test('after the stop delay it stops as ever, and not before', async () => {
  const front = await start('400ms');
  const began = performance.now();
  expect(await front.stop()).toEqual({ code: 0, signal: null });
  expect(performance.now() - began).toBeGreaterThanOrEqual(400);
  const refused = connect(front.port);
  await expect(once(refused, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a second SIGTERM stops at once, within the stop delay too', async () => {
  const front = await announced(LONG);
  expect(await answerOf(front)).toBe(200); // which takes longer than what counts as the first one's echo
  front.signal('SIGTERM');
  expect(await front.exited).toEqual({ code: 0, signal: null });
});

test('Ctrl-C does not wait for the stop delay', async () => {
  const front = await start(LONG);
  front.signal('SIGINT');
  expect(await front.exited).toEqual({ code: 0, signal: null });
});

test('a start that is broken off does not wait for the stop delay', async () => {
  const script = fileURLToPath(new URL('../fixtures/failing/never-listens.cjs', import.meta.url));
  const args = ['--port', String(await freePort()), '--workers', '1', '--stop-delay', LONG, '--log-level', 'debug'];
  const front = spawnFront({ script, args });
  await front.event('worker.started');
  expect(await front.stop()).toEqual({ code: 0, signal: null });
});
