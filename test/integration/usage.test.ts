import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BIN } from '../kit/bin.ts';
import { temporaryFolder } from '../kit/folder.ts';
import { spawnFront, startFront, type Front } from '../kit/front.ts';
import { freePort } from '../kit/free-port.ts';
import { RawClient, type Exchange } from '../kit/raw-client.ts';
import { fixture, Release } from '../kit/release.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SERVER = fileURLToPath(new URL('../fixtures/load-server.cjs', import.meta.url));

async function temporaryFile(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zdlb-usage-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, name);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The front has refused to start: with that exit code, and one line that says why. */
async function expectRefusal(front: Front, code: number, says: RegExp): Promise<void> {
  expect(await front.exited).toEqual({ code, signal: null });
  expect(front.stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(says)]);
  expect(front.stderr).not.toMatch(/^\s+at /m);
}

async function version(port: number): Promise<string | null> {
  const response = await fetch(`http://127.0.0.1:${port}/now/x`, { headers: { connection: 'close' } });
  await response.text();
  return response.headers.get('x-version');
}

describe('bad usage gets one clear line', () => {
  test('no script', async () => {
    await expectRefusal(spawnFront({}), 2, /script/);
  });

  test('a port out of range', async () => {
    await expectRefusal(spawnFront({ args: ['--port', '99999'], script: SERVER }), 2, /--port.*99999/);
  });

  test('a script that does not exist', async () => {
    const port = String(await freePort());
    await expectRefusal(
      spawnFront({ args: ['--port', port], script: '/nowhere/server.js' }),
      2,
      /\/nowhere\/server\.js/,
    );
  });

  test('an unknown option', async () => {
    await expectRefusal(spawnFront({ args: ['--wokers', '2'], script: SERVER }), 2, /--wokers.*--workers/);
  });

  test('a port that is taken', async () => {
    const taken = createServer().listen(await freePort());
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const front = spawnFront({ args: ['--port', String(port), '--workers', '1'], script: SERVER });
    await expectRefusal(front, 3, new RegExp(`${port}.*(in use|taken)`));
  });

  test('code that never becomes ready', async () => {
    const release = await Release.create(() => "throw new Error('the database is gone')");
    const front = spawnFront({ args: ['--port', String(await freePort()), '--workers', '1'], script: release.script });
    expect(await front.exited).toEqual({ code: 3, signal: null });
    expect(front.stderr).toMatch(
      /^zdlb: Worker 0 exited with code 1 before it was ready: .*\n(?: {2}.*\n)* {2}Error: the database is gone\n/,
    );
  });
});

/** A streamed response that is in flight when `onHead` is called. */
async function stream(port: number, chunks: number, onHead: () => void): Promise<Exchange> {
  const client = await RawClient.connect(port);
  return client.exchange({ method: 'GET', bytes: `GET /stream/x/${chunks} HTTP/1.1\r\nHost: test\r\n\r\n`, onHead });
}

describe('signals', () => {
  test.for(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    '%s lets a response in flight finish, then exits 0',
    async (signal) => {
      const front = await startFront({ script: SERVER });
      const exchange = await stream(front.port, 5, () => front.signal(signal));
      expect(exchange).toMatchObject({ response: { status: 200 } });
      expect(await front.exited).toEqual({ code: 0, signal: null });
    },
  );

  test('a second SIGTERM cuts what is in flight, so that the client can tell', async () => {
    const front = await startFront({ script: SERVER });
    const exchange = stream(front.port, 1_000, () => front.signal('SIGTERM'));
    await front.event('stopping');
    await new Promise((resolve) => setTimeout(resolve, 20)); // sooner, it would be an echo of the first
    front.signal('SIGTERM');
    expect(await exchange).toMatchObject({ failure: 'cut-in-response' });
    expect(await front.exited).toEqual({ code: 0, signal: null });
  });

  test.for([
    ['SIGINT', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
  ] as const)('%s, then at once %s, stops at once', async ([one, other]) => {
    const front = await startFront({ script: SERVER });
    const exchange = stream(front.port, 1_000, () => front.signal(one));
    await front.event('stopping');
    front.signal(other);
    expect(await exchange).toMatchObject({ failure: 'cut-in-response' });
    expect(await front.exited).toEqual({ code: 0, signal: null });
  });

  test('a SIGINT that npm passes on beside the terminal is not a second one', async () => {
    const front = await startFront({ script: SERVER });
    const exchange = stream(front.port, 5, () => front.signal('SIGINT'));
    await front.event('stopping');
    front.signal('SIGINT');
    expect(await exchange).toMatchObject({ response: { status: 200 } });
    expect(await front.exited).toEqual({ code: 0, signal: null });
  });

  test('SIGTTIN adds a worker and SIGTTOU takes it away', async () => {
    const front = await startFront({ script: SERVER });
    front.signal('SIGTTIN');
    await front.event('worker.ready', (entry) => entry['slot'] === 2);
    front.signal('SIGTTOU');
    await front.event('worker.exited', (entry) => entry['slot'] === 2);
    expect(await version(front.port)).toBe('@version@');
  });
});

describe('the pid file', () => {
  test('is there while the front listens, and goes with it', async () => {
    const path = await temporaryFile('pid');
    const front = await startFront({ args: ['--pid-file', path], script: SERVER });
    expect(Number(await readFile(path, 'utf8'))).toBe(front.pid);
    await front.stop();
    expect(await exists(path)).toBe(false);
  });

  test('of a live front keeps another from starting, and nothing of that one is left', async () => {
    const path = await temporaryFile('pid');
    const temporary = temporaryFolder();
    const first = await startFront({ args: ['--pid-file', path], script: SERVER });
    const port = String(await freePort());
    const args = ['--port', port, '--pid-file', path, '--transport', 'unix'];
    const second = spawnFront({ args, script: SERVER, env: { TMPDIR: temporary } });
    await expectRefusal(second, 3, new RegExp(String(first.pid)));
    expect(await readdir(temporary)).toEqual([]);
    expect(Number(await readFile(path, 'utf8'))).toBe(first.pid);
  });

  test('that is no pid file is left alone', async () => {
    const path = await temporaryFile('precious.txt');
    await writeFile(path, 'do not lose this');
    const front = spawnFront({ args: ['--port', String(await freePort()), '--pid-file', path], script: SERVER });
    await expectRefusal(front, 3, /is no pid file/);
    expect(await readFile(path, 'utf8')).toBe('do not lose this');
  });

  test('of a dead front is replaced', async () => {
    const path = await temporaryFile('pid');
    const dead = await startFront({ args: ['--pid-file', path], script: SERVER });
    dead.signal('SIGKILL');
    await dead.exited;
    expect(Number(await readFile(path, 'utf8'))).toBe(dead.pid);
    const front = await startFront({ args: ['--pid-file', path], script: SERVER });
    expect(Number(await readFile(path, 'utf8'))).toBe(front.pid);
  });

  test('is not written by a front that could not start', async () => {
    const path = await temporaryFile('pid');
    const code = await temporaryFile('server.cjs');
    await writeFile(code, 'process.exit(1)');
    const front = spawnFront({ args: ['--port', String(await freePort()), '--pid-file', path], script: code });
    expect(await front.exited).toMatchObject({ code: 3 });
    expect(await exists(path)).toBe(false);
  });
});

test('a reader of the log that goes away does not end the front, nor keep it from reloading', async () => {
  const release = await Release.create(await fixture('load-server.cjs'));
  const front = await startFront({ script: release.script });
  expect(await version(front.port)).toBe('1');
  front.child.stdout!.destroy();
  await release.deploy(2);
  front.signal('SIGUSR2');
  // Nobody can read of the end of the reload: the answers tell.
  while ((await version(front.port)) !== '2');
  expect(await front.stop()).toEqual({ code: 0, signal: null });
});

test('config.example.json runs', async () => {
  const port = String(await freePort());
  const pidFile = await temporaryFile('pid');
  const args = ['--config', 'config.example.json', '--port', port, '--pid-file', pidFile];
  const front = spawnFront({ args, cwd: ROOT });
  await front.event('serving');
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect(response.status).toBe(200);
  await response.text();
});

test('a reader of the log that stops reading stops neither the traffic nor the end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'zdlb-usage-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const script = join(folder, 'noisy.cjs');
  const line = 'x'.repeat(1_000);
  await writeFile(
    script,
    `require('node:http').createServer((q, s) => {
    for (let i = 0; i < 200; i++) console.log('${line}');
    s.end('ok');
  }).listen(process.env.PORT);`,
  );
  for (const format of ['json', 'pretty']) {
    const port = await freePort();
    const args = ['--log-format', format, '--port', String(port), '--workers', '1', '--drain-timeout', '2s', script];
    const child = spawn(process.execPath, [...BIN, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    child.stdout.once('data', () => child.stdout.pause());
    await expect
      .poll(
        () =>
          version(port).then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);
    for (let i = 0; i < 5; i++) await version(port);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
});
