import { fork, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { encode } from '../../dist/core/proxy-protocol.cjs';
import { type Front, startFront } from '../kit/front.ts';
import { type Load, startLoad } from '../kit/load.ts';
import { BRIEF_POSTS, FRESH, LIGHT } from '../kit/loads.ts';
import { listeningPorts } from '../kit/private-port.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/load-server.cjs', import.meta.url));
const FLOODS = fileURLToPath(new URL('../fixtures/floods.cjs', import.meta.url));

const start = (...args: string[]) => startFront({ script: PROGRAM, args: ['--workers', '1', ...args] });

function privatePort(front: Front): number {
  const [port] = listeningPorts(front.workers(1).get(0)!);
  return port!;
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const LOCAL = encode({ command: 'LOCAL', secret: randomBytes(16) });
const tooLong = Buffer.from(encode({ command: 'LOCAL' }));
tooLong.writeUInt16BE(0xffff, 14);

async function byteByByte(socket: Socket): Promise<void> {
  for (const byte of LOCAL) {
    if (socket.destroyed) return;
    socket.write(Buffer.of(byte));
    await pause(100);
  }
}

/** What a stranger may do on a connection to a private port. */
const ATTACKS: Readonly<Record<string, (socket: Socket) => unknown>> = {
  'say nothing': () => {},
  'speak HTTP': (socket) => socket.write(GET),
  'speak HTTP and end': (socket) => socket.end(GET),
  'send a header without a secret': (socket) =>
    socket.write(Buffer.concat([encode({ command: 'LOCAL' }), Buffer.from(GET)])),
  'send a wrong secret': (socket) => socket.write(Buffer.concat([LOCAL, Buffer.from(GET)])),
  'send half a header': (socket) => socket.write(LOCAL.subarray(0, 20)),
  'send half a header and end': (socket) => socket.end(LOCAL.subarray(0, 20)),
  'send half a header, then much else': (socket) => {
    socket.write(LOCAL.subarray(0, LOCAL.length - 1));
    socket.write(GET.repeat(10_000));
  },
  'send byte by byte': byteByByte,
  'announce a header of 64 KiB': (socket) => socket.write(Buffer.concat([tooLong, Buffer.alloc(0xffff)])),
  'send a MiB of nothing': (socket) => socket.write(Buffer.alloc(2 ** 20)),
  'end at once': (socket) => socket.end(),
};

/** Two seconds, and what a busy machine adds. */
const BOUND_MS = 4_000;

/** Resolves with what it got when it is dropped. */
async function attack(port: number, act: (socket: Socket) => unknown): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void socket.destroy());
  let got = '';
  socket.on('data', (data) => (got += data));
  const dropped = new Promise((resolve) => socket.once('close', resolve));
  const started = performance.now();
  await act(socket);
  await dropped;
  expect(performance.now() - started).toBeLessThan(BOUND_MS);
  return got;
}

describe('over ports', () => {
  test('who does not know the secret is dropped within seconds, gets not one byte, and harms nobody', async () => {
    const front = await start();
    const port = privatePort(front);
    const load = startLoad(LIGHT, front.port);
    const answers = await Promise.all(
      Object.entries(ATTACKS).map(async ([what, act]) => [what, await attack(port, act)] as const),
    );
    expect(answers).toEqual(Object.keys(ATTACKS).map((what) => [what, '']));
    const reset = connect(port, '127.0.0.1');
    await once(reset, 'connect');
    reset.resetAndDestroy();
    const tally = await load.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    expect(front.entries.filter(({ event }) => event === 'worker.exited')).toEqual([]);
  });

  /** More connections at a time than a worker lets strangers have, and how long the front is kept from its work meanwhile. */
  const FLOOD = '4500';
  const BUSY_MS = 100;

  const FRESH_POSTS: Load = { ...BRIEF_POSTS, lanes: 10, connection: 'each turn' };

  /** In tcp mode each connection of a client is one to the worker, and nothing is ever sent twice. */
  /** `npm run test:matrix` sets ZDLB_TEST_ADDRESSES. */
  const MODES = process.env['ZDLB_TEST_ADDRESSES'] === undefined ? ['tcp'] : ['tcp', 'http'];

  test.each(MODES)('a flood of strangers loses none of the clients, in %s mode', async (mode) => {
    const front = await start('--mode', mode);
    const flood = fork(FLOODS, [String(privatePort(front)), FLOOD], { execArgv: [] });
    onTestFinished(() => void flood.kill('SIGKILL'));
    await once(flood, 'message');
    const loads = [LIGHT, FRESH_POSTS, FRESH].map((load) => startLoad(load, front.port));
    await loads[1]!.tally.served(20);
    // A front that is busy writes its headers late.
    front.signal('SIGSTOP');
    await pause(BUSY_MS);
    front.signal('SIGCONT');
    await Promise.all(loads.map(({ tally }) => tally.served((tally.outcomes.ok ?? 0) + 50)));
    const tallies = await Promise.all(loads.map((load) => load.stop()));
    flood.send('stop');
    const [result] = (await once(flood, 'message')) as [{ dropped: number; bytes: number }];
    for (const tally of tallies) expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    expect(result.bytes).toBe(0);
  });
});

const NOBODY = 65_534;
const asNobody = (script: string, ...args: string[]) =>
  spawnSync(process.execPath, ['-e', script, ...args], { uid: NOBODY, gid: NOBODY, cwd: '/', encoding: 'utf8' });
const canBecomeNobody = process.getuid?.() === 0 && asNobody('').status === 0;

// Only root can become another user, and that one must be able to run this Node.
describe.runIf(canBecomeNobody)('over Unix sockets', () => {
  test('another user gets as far as the folder', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'zdlb-strangers-'));
    onTestFinished(() => rmSync(temporary, { recursive: true, force: true }));
    chmodSync(temporary, 0o755);
    const args = ['--workers', '1', '--transport', 'unix'];
    const front = await startFront({ script: PROGRAM, args, env: { TMPDIR: temporary } });
    const folder = join(temporary, readdirSync(temporary)[0]!);
    const path = join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.sock'))!,
    );
    const tells = 'process.stdout.write(error.code)';
    expect(asNobody(`fs.readdir('${folder}', (error) => ${tells})`).stdout).toBe('EACCES');
    expect(asNobody(`net.connect('${path}').on('error', (error) => ${tells})`).stdout).toBe('EACCES');
    expect(await front.stop()).toEqual({ code: 0, signal: null });
  });
});
