import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { type Entry, type Front, spawnFront, startFront } from '../kit/front.ts';

const program = (name: string) => fileURLToPath(new URL(`../fixtures/programs/${name}`, import.meta.url));

/** What a program says of itself, to a client that connects from `localAddress`. */
async function ask(port: number, host = '127.0.0.1', localAddress?: string) {
  const dispatcher = new Agent(localAddress === undefined ? {} : { localAddress });
  onTestFinished(() => dispatcher.close());
  const { body } = await request(`http://${host}:${port}/`, { dispatcher });
  return (await body.json()) as { readonly pid: number; readonly port: number; readonly remoteAddress: string };
}

const isMessage = (entry: Entry) => entry.event === 'worker.output' && entry['stream'] === 'stdout';

/** The startup messages of the programs, of each worker one. */
async function messages(front: Front, count: number): Promise<readonly string[]> {
  let at = 0;
  for (let found = 0; found < count; found++) {
    await front.event('worker.output', isMessage, at);
    at = front.entries.findIndex((entry, index) => index >= at && isMessage(entry)) + 1;
  }
  return front.entries.filter(isMessage).map(({ msg }) => msg);
}

describe('a program runs unmodified, and sees its public port and its client', () => {
  test.each(['express.cjs', 'fastify.mjs', 'koa.cjs', 'hapi.cjs', 'esm.mjs', 'hard-coded-port.cjs', 'two-servers.cjs'])(
    '%s',
    async (name) => {
      const adminPort = await freePort();
      const front = await startFront({ script: program(name), env: { ADMIN_PORT: String(adminPort) } });
      const answers = [await ask(front.port), await ask(front.port)];
      expect(answers).toEqual(
        answers.map(({ pid }) => ({
          pid,
          port: front.port,
          remoteAddress: expect.stringMatching(/127\.0\.0\.1$/) as string,
        })),
      );
      expect(new Set(answers.map(({ pid }) => pid))).toEqual(new Set(front.workers(1).values()));
      const said = await messages(front, 2);
      expect(said).toContain(`${name.split('.')[0]} listens on port ${front.port}`);
      expect(await front.reload()).toMatchObject({ event: 'reload.done' });
      expect(await ask(front.port)).toMatchObject({ port: front.port });
    },
  );

  test('on two public ports, each with its own server', async () => {
    const adminPort = await freePort();
    const front = await startFront({ script: program('two-servers.cjs'), env: { ADMIN_PORT: String(adminPort) } });
    await front.event('listening', (entry) => entry['port'] === adminPort);
    expect(await ask(adminPort)).toMatchObject({ port: adminPort });
    expect(await ask(front.port)).toMatchObject({ port: front.port });
  });

  test('on several addresses of one port, as Fastify does for localhost', async () => {
    const front = await startFront({ script: program('fastify.mjs'), scriptArgs: ['localhost'] });
    expect(await ask(front.port)).toMatchObject({ port: front.port, remoteAddress: '127.0.0.1' });
  });

  test('and two clients that share a worker connection are told apart', async () => {
    const front = await startFront({ script: program('express.cjs'), args: ['--workers', '1', '--host', '0.0.0.0'] });
    for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.2']) {
      expect(await ask(front.port, '127.0.0.1', address)).toMatchObject({ remoteAddress: address });
    }
  });

  test('over Unix sockets', async () => {
    const front = await startFront({ script: program('express.cjs'), args: ['--transport', 'unix'] });
    expect(await ask(front.port)).toMatchObject({
      port: front.port,
      remoteAddress: expect.stringMatching(/127\.0\.0\.1$/) as string,
    });
  });
});

test('a program that forks its own cluster is told in one line that zdlb does this for it', async () => {
  const script = fileURLToPath(new URL('../fixtures/agent/cluster.cjs', import.meta.url));
  const front = spawnFront({ script, args: ['--port', String(await freePort())] });
  expect(await front.exited).toEqual({ code: 3, signal: null });
  expect(front.stderr).toMatch(/^zdlb: Worker \d can't run under zdlb: the program calls cluster\.fork\(\).*\n$/);
});
