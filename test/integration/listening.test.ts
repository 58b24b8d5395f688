import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../kit/folder.ts';
import { freePort } from '../kit/free-port.ts';
import { type Front, spawnFront } from '../kit/front.ts';
import { startLoad } from '../kit/load.ts';
import { FRESH, FULL_SPEED } from '../kit/loads.ts';
import { Release, fixture } from '../kit/release.ts';
import { reloadTimes, versionsAfter } from '../kit/reloads.ts';
import { dial } from '../kit/wire.ts';

const program = (name: string) => fileURLToPath(new URL(`../fixtures/programs/${name}`, import.meta.url));

/** What a program says of itself and its client. */
async function ask(origin: string, socketPath?: string) {
  const dispatcher = new Agent(socketPath === undefined ? {} : { connect: { socketPath } });
  onTestFinished(() => dispatcher.close());
  const { body } = await request(origin, { dispatcher });
  return (await body.json()) as Record<string, unknown>;
}

/** A front with these options and two workers of a program; it serves. */
async function serve(script: string, args: readonly string[], env: Record<string, string> = {}, cwd?: string) {
  const front = spawnFront({ script, args: ['--workers', '2', ...args], env, ...(cwd === undefined ? {} : { cwd }) });
  await front.event('serving');
  return front;
}

const openings = (front: Front) => front.entries.filter(({ event }) => event === 'listening').map(({ msg }) => msg);

test('--listen is where the first port is open, and --port too; SIGHUP does not change it', async () => {
  const folder = temporaryFolder();
  const [port, second] = [await freePort(), await freePort()];
  const file = join(folder, 'zdlb.json');
  const pidFile = join(folder, 'pid');
  const listen = [`127.0.0.2:${second}`, `[::1]:${second}`, 'unix:app.sock'];
  const write = (wanted: readonly string[]) => writeFileSync(file, JSON.stringify({ port, listen: wanted, pidFile }));
  write(listen);
  const front = await serve(program('express.cjs'), ['--config', file], {}, folder);
  expect(readFileSync(pidFile, 'utf8')).toBe(`${front.pid}\n`);
  expect(await ask(`http://127.0.0.1:${port}/`)).toMatchObject({ port });
  expect(await ask(`http://127.0.0.2:${second}/`)).toMatchObject({ remoteAddress: '127.0.0.1' });
  expect(await ask(`http://[::1]:${second}/`)).toMatchObject({ remoteAddress: '::1' });
  expect(await ask('http://localhost/', join(folder, 'app.sock'))).not.toHaveProperty('remoteAddress');
  await expect(request(`http://127.0.0.1:${second}/`)).rejects.toThrow('ECONNREFUSED');

  for (const [wanted, outcome] of [
    [listen, { event: 'reload.done' }],
    [listen.slice(1), { reason: "listen can't change while zdlb runs. Stop it and start it again" }],
  ] as const) {
    write(wanted);
    const since = front.mark();
    front.signal('SIGHUP');
    expect(await front.event(['reload.done', 'reload.failed'], undefined, since)).toMatchObject(outcome);
  }
  await front.stop();
  expect(readdirSync(folder)).toEqual(['zdlb.json']);
});

/** Each way to a worker; the others than the first two behind ZDLB_TEST_RELOADS, for they take their time. */
const ways: readonly (readonly string[])[] = [
  ['--http-engine', 'relay'],
  ['--backend', 'cluster'],
  ['--http-engine', 'http-proxy'],
  ['--mode', 'tcp'],
  ['--transport', 'unix'],
];
const RELOADS = Number(process.env['ZDLB_TEST_RELOADS'] ?? 1);
const tried = process.env['ZDLB_TEST_RELOADS'] === undefined ? ways.slice(0, 2) : ways;

describe('at a Unix socket alone', () => {
  test.each(tried)('a reload drops nothing under load (%s %s), and no TCP port is open', async (...way) => {
    const folder = temporaryFolder();
    const asked = await freePort();
    const path = join(folder, 'app.sock');
    const release = await Release.create(await fixture('load-server.cjs'));
    const front = await serve(release.script, [...way, '--listen', `unix:${path}`], { PORT: `${asked}` });
    expect(openings(front)).toEqual([expect.stringContaining(`Listening on unix:${path}, balancing`)]);
    await expect(request(`http://127.0.0.1:${asked}/`)).rejects.toThrow('ECONNREFUSED');
    // A relay keeps its clients' connections; otherwise each request brings its own, for which the new code has to be there.
    const load = startLoad(way[0] === '--http-engine' || way[0] === '--transport' ? FULL_SPEED : FRESH, path);
    await reloadTimes(RELOADS, { front, release, load });
    expect((await load.stop()).outcomes, load.tally.examples.join('\n')).toEqual({ ok: load.tally.issued });
    expect([...load.tally.versions]).toEqual(versionsAfter(RELOADS));
    expect(await front.stop()).toEqual({ code: 0, signal: null });
    expect(existsSync(path)).toBe(false);
  });

  test('a command is reached, and further ports of a program are open as ever', async () => {
    const folder = temporaryFolder();
    const [path, adminPort] = [join(folder, 'app.sock'), await freePort()];
    const listen = ['--listen', `unix:${path}`];
    const env = { PORT: `${await freePort()}`, ADMIN_PORT: `${adminPort}` };
    const front = spawnFront({ script: program('two-servers.cjs'), args: ['--workers', '2', ...listen], env });
    const command = spawnFront({
      args: ['--workers', '1', '--mode', 'http', '--listen', `unix:${path}2`, '--', process.execPath],
      script: program('two-servers.cjs'),
      env: { ADMIN_PORT: '0' },
    });
    await Promise.all([front.event('serving'), command.event('serving')]);
    expect(await ask('http://localhost/', path)).toMatchObject({ port: Number(env.PORT) });
    expect(await ask(`http://127.0.0.1:${adminPort}/`)).toMatchObject({ port: adminPort });
    expect(await ask('http://localhost/', `${path}2`)).toMatchObject({
      remoteAddress: expect.stringMatching(/127/) as unknown,
    });
  });
});

test.each(['proxy', 'cluster'])('a raw socket has no address at a Unix socket (--backend %s)', async (backend) => {
  const path = join(temporaryFolder(), 'app.sock');
  const script = fileURLToPath(new URL('../fixtures/agent/greets-first.cjs', import.meta.url));
  const args = ['--workers', '1', '--backend', backend, '--listen', `unix:${path}`];
  const front = spawnFront({ script, args, env: { PORT: `${await freePort()}` } });
  await front.event('serving');
  expect(await (await dial(path)).ends()).toBe('welcome undefined');
});

test('a program has a server for IPv4 and one for IPv6 on the same port', async () => {
  const port = await freePort();
  const front = await serve(program('two-families.cjs'), ['--port', `${port}`]);
  expect(openings(front)).toHaveLength(2);
  expect(await ask(`http://127.0.0.1:${port}/`)).toMatchObject({ remoteAddress: '127.0.0.1', port });
  expect(await ask(`http://[::1]:${port}/`)).toMatchObject({ remoteAddress: '::1', port });
});

test('an address that is not to be had ends the start, and leaves no socket behind', async () => {
  const folder = temporaryFolder();
  const port = await freePort();
  const first = `unix:${join(folder, 'app.sock')}`;
  const args = ['--workers', '1', '--listen', first, '--listen', `:${port}`, '--listen', `127.0.0.1:${port}`];
  const front = spawnFront({ script: program('express.cjs'), args });
  expect(await front.exited).toEqual({ code: 3, signal: null });
  expect(front.stderr).toBe(
    `zdlb: Cannot listen on 127.0.0.1:${port}: :${port} is open already, and the system does not let both be. Leave one of them out\n`,
  );
  expect(openings(front)).toHaveLength(2);
  expect(readdirSync(folder)).toEqual([]);
});
