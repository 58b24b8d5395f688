import { chmod, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { type Front, spawnFront, startFront } from '../kit/front.ts';
import { startLoad } from '../kit/load.ts';
import { LIGHT } from '../kit/loads.ts';
import { leftAfter } from '../kit/process.ts';
import { hasPython, WITHOUT_PYTHON } from '../kit/python.ts';

const SERVER = fileURLToPath(new URL('../fixtures/load-server.cjs', import.meta.url));
const APP = fileURLToPath(new URL('../fixtures/programs/app.py', import.meta.url));

/** A shell that stays beside the server that it started, and tells of it. */
const SHELL_STAYS = ['sh', '-c', `node '${SERVER}' & echo "child $!"; wait; true`];
/** Tells its port, and greets whoever comes; a client that cuts it off is the end of it. */
const GREETS = [
  'node',
  '-e',
  `const { PORT, HOST } = process.env;
   console.log('port', PORT);
   require('net').createServer((socket) => socket.end('hello')).listen(PORT, HOST)`,
];

async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'zdlb-commands-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function spawnCommand(command: readonly string[], ...args: string[]): Promise<Front> {
  return spawnFront({ args: ['--port', String(await freePort()), '--workers', '1', ...args, '--', ...command] });
}

async function ask(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
  return response.text();
}

/** The process ids of the servers that shells have started and told of, one by one. */
async function children(front: Front, count: number): Promise<readonly number[]> {
  const told = () => front.entries.flatMap(({ msg }) => /^child (\d+)$/.exec(msg)?.[1] ?? []);
  while (told().length < count) await front.event('worker.output', undefined, front.mark());
  return told().map(Number);
}

test.runIf(hasPython)(`a command learns where to listen, and is balanced by request${WITHOUT_PYTHON}`, async () => {
  const front = await startFront({ args: ['--mode', 'http', '--', 'python3', APP] });
  const answers = await Promise.all(Array.from({ length: 4 }, () => ask(front.port, '/environment/x')));
  expect(new Set(answers).size).toBe(2);
  for (const answer of answers) {
    const [host, port] = answer.split(' ');
    expect(host).toBe('127.0.0.1');
    expect(Number(port)).toBeGreaterThanOrEqual(20_000);
    expect(Number(port)).toBeLessThan(30_000);
  }
});

test('connections are balanced unless --mode http says what it speaks', async () => {
  const front = await startFront({ args: ['--', ...GREETS] });
  expect(front.entries).toContainEqual(expect.objectContaining({ event: 'listening', mode: 'tcp' }));
  const client = connect(front.port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  expect(String(await once(client, 'data'))).toBe('hello');
});

test('it is named after what it runs', async () => {
  const front = await startFront({ args: ['--', 'node', SERVER] });
  expect(front.entries[0]).toMatchObject({ name: 'load-server' });
});

test('no two workers get the same port', async () => {
  const front = await startFront({ args: ['--workers', '3', '--', ...GREETS] });
  expect(await front.reload()).toMatchObject({ event: 'reload.done' });
  const ports = front.entries.filter(({ msg }) => msg.startsWith('port ')).map(({ msg }) => msg);
  expect(ports).toHaveLength(6);
  expect(new Set(ports).size).toBe(6);
});

test.runIf(hasPython)(
  `a Python of a virtual environment finds that of the release that is current${WITHOUT_PYTHON}`,
  async () => {
    const folder = await temporaryFolder();
    for (const release of ['r1', 'r2'])
      await promisify(execFile)('python3', ['-m', 'venv', '--without-pip', join(folder, release, 'venv')]);
    await symlink('r1', join(folder, 'current'));
    const tells = `import sys; print('prefix', sys.prefix, flush=True); exec(open('${APP}').read())`;
    const front = await startFront({
      args: ['--workers', '1', '--cwd', join(folder, 'current'), '--', 'venv/bin/python3', '-c', tells],
    });
    const prefix = async (generation: number) => {
      const output = await front.event('worker.output', (entry) => entry['generation'] === generation);
      return output.msg;
    };
    expect(await prefix(1)).toBe(`prefix ${folder}/r1/venv`);
    await symlink('r2', join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'current'));
    expect(await front.reload()).toMatchObject({ event: 'reload.done' });
    expect(await prefix(2)).toBe(`prefix ${folder}/r2/venv`);
  },
);

describe('its whole process group ends', () => {
  test('when zdlb stops', async () => {
    const front = await startFront({ args: ['--mode', 'http', '--', ...SHELL_STAYS] });
    const pids = [...(await children(front, 2)), ...front.workers(1).values()];
    expect(await front.stop()).toEqual({ code: 0, signal: null });
    expect(await leftAfter(0, pids)).toEqual([]);
  });

  test('when a reload retires it', async () => {
    const front = await startFront({ args: ['--mode', 'http', '--', ...SHELL_STAYS] });
    const pids = [...(await children(front, 2)), ...front.workers(1).values()];
    await front.reload();
    await front.event('generation.retired');
    expect(await leftAfter(0, pids)).toEqual([]);
  });

  test('when zdlb is killed', async () => {
    const front = await startFront({ args: ['--mode', 'http', '--', ...SHELL_STAYS] });
    const pids = [...(await children(front, 2)), ...front.workers(1).values()];
    front.signal('SIGKILL');
    expect(await leftAfter(2_000, pids)).toEqual([]);
  });
});

test('one that crashes is refilled, and clients do not notice', async () => {
  const front = await startFront({ args: ['--mode', 'http', '--', 'node', SERVER] });
  const load = startLoad(LIGHT, front.port);
  const victim = front.workers(1).get(0)!;
  await load.tally.answeredBy('pid', victim);
  const since = front.mark();
  process.kill(victim, 'SIGKILL');
  const successor = await front.event('worker.ready', (entry) => entry['slot'] === 0, since);
  await load.tally.answeredBy('pid', Number(successor['pid']));
  const tally = await load.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
});

describe('a command that', () => {
  test.for<[what: string, command: string[], code: number, says: RegExp]>([
    ['exits at once', ['true'], 3, /Worker 0 exited with code 0 before it was ready/],
    ['fails at once', ['sh', '-c', 'echo "no database" >&2; exit 7'], 3, /exited with code 7.*no database/],
    ['never listens', ['sleep', '60'], 3, /Worker 0 was not ready within 400ms/],
    ['is not there', ['pithon', 'app.py'], 2, /^zdlb: Cannot run pithon: no such program in PATH$/m],
    ['is a path to nothing', ['./app'], 2, /^zdlb: Cannot run \.\/app: no such file or folder$/m],
    ['is not executable', [SERVER], 2, /load-server\.cjs: permission denied$/m],
    ['is a folder', ['/tmp'], 2, /^zdlb: Cannot run \/tmp: it is a folder$/m],
  ])('%s ends the start', async ([, command, code, says]) => {
    const front = await spawnCommand(command, '--ready-timeout', '400ms');
    expect(await front.exited).toEqual({ code, signal: null });
    expect(front.stderr).toMatch(says);
  });

  test('listens on another port is not ready', async () => {
    const other = await freePort();
    const listens = `require('net').createServer().listen(${other}, '127.0.0.1')`;
    const front = await spawnCommand(['node', '-e', listens], '--ready-timeout', '1s');
    expect(await front.exited).toEqual({ code: 3, signal: null });
  });

  test('listens late is waited for', async () => {
    const listens = `setTimeout(() => require('net').createServer().listen(process.env.PORT), 1_200)`;
    const front = await startFront({ args: ['--', 'node', '-e', listens] });
    const { ms } = (await front.event('worker.ready')) as unknown as { readonly ms: number };
    expect(ms).toBeGreaterThan(1_200);
    expect(ms).toBeLessThan(3_000);
  });

  test('the next generation cannot run fails the reload, and the former one serves on', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'server');
    const write = async (code: string) => {
      await writeFile(`${path}.new`, `#!/bin/sh\n${code}\n`);
      await chmod(`${path}.new`, 0o755);
      await rm(path, { force: true });
      await symlink(`${path}.new`, path);
    };
    await write(`exec node '${SERVER}'`);
    const front = await startFront({ args: ['--mode', 'http', '--', path] });
    await write('echo "bad code" >&2; exit 1');
    expect(await front.reload()).toMatchObject({
      event: 'reload.failed',
      reason: expect.stringContaining('bad code') as string,
    });
    expect(await ask(front.port, '/now/1')).toBe('1');
    await rm(path);
    expect(await front.reload()).toMatchObject({
      event: 'reload.failed',
      reason: `Cannot run ${path}: no such file or folder`,
    });
    expect(await ask(front.port, '/now/2')).toBe('2');
  });
});

test('a port that somebody else has is left to them', async () => {
  const taken = createServer();
  onTestFinished(() => void taken.close());
  const front = await startFront({ args: ['--workers', '1', '--', ...GREETS] });
  const port = Number(/^port (\d+)$/.exec((await front.event('worker.output')).msg)?.[1]);
  await new Promise<void>((resolve) => taken.listen(port + 1, '127.0.0.1', resolve));
  await front.reload();
  const { msg } = await front.event('worker.output', (entry) => entry['generation'] === 2);
  expect(msg).toBe(`port ${port + 2}`);
});
