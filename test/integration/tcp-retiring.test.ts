import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Conversation, TCP_SERVER_ENV, converse } from '../kit/conversation.ts';
import { type Front, startFront } from '../kit/front.ts';
import { hasPython, WITHOUT_PYTHON } from '../kit/python.ts';
import { fixture, Release } from '../kit/release.ts';
import { watchStalls } from '../kit/stalls.ts';

/** The matrix has more time for it. */
const IS_MATRIX = process.env['ZDLB_TEST_BODY_MIB'] !== undefined;
const DRAIN_MS = IS_MATRIX ? 3_000 : 2_000;
const LAST_PART_MS = DRAIN_MS / 5;
/** By how much a timer may be late, and a moment be seen late, on a busy machine. */
const MARGIN_MS = 400;
const MANY = 20;
const DRAIN = ['--drain-timeout', `${DRAIN_MS}ms`];

async function startProgram(kind: string, ...args: string[]) {
  const release = await Release.create(await fixture('tcp-server.cjs'));
  const front = await startFront({
    script: release.script,
    scriptArgs: [kind],
    args: ['--workers', '1', ...args],
    env: TCP_SERVER_ENV,
  });
  return { front, reload: async () => reload(front, release) };
}

const commandIn = ({ folder }: Release) =>
  ['--mode', 'tcp', '--workers', '1', ...DRAIN, '--cwd', `${folder}/current`, '--'] as const;

/** Resolves with the time of the swap, when the drain timeout of the former generation begins. */
async function reload(front: Front, release: Release): Promise<number> {
  await release.deploy(2);
  const done = await front.reload();
  expect(done).toMatchObject({ event: 'reload.done' });
  return Number(done['time']);
}

const firstRetired = (front: Front) => front.event('generation.retired', ({ generation }) => generation === 1);

async function dialHttp(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket.setEncoding('utf8');
}

/** Asks on a kept-alive connection; the answer, as far as it has come with its first bytes. */
async function ask(socket: Socket, path: string): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [string];
  return answer;
}

/** The last answer on a connection: the order to retire takes its time to the agent, and requests go on before it is there. */
async function askToTheLast(socket: Socket, path: string): Promise<string> {
  for (;;) {
    const answer = await ask(socket, path);
    if (!answer.includes('Connection: keep-alive')) return answer;
  }
}

async function ended(socket: Socket): Promise<void> {
  if (!socket.readableEnded) await once(socket, 'end');
}

/** When each of them ended, after `begin`. */
async function endings(sockets: readonly Socket[], begin: number): Promise<number[]> {
  const ends = await Promise.all(sockets.map(async (socket) => ended(socket).then(() => Date.now() - begin)));
  return ends.toSorted((one, other) => one - other);
}

/** Spread over the last part of the drain timeout, and not all in one tick. */
function expectSpread(ends: readonly number[], stalledMs: number): void {
  expect(ends[0]).toBeGreaterThanOrEqual(DRAIN_MS - LAST_PART_MS - MARGIN_MS / 2);
  expect(ends.at(-1)).toBeLessThan(DRAIN_MS + MARGIN_MS + stalledMs);
  // On a busy machine the front may not get to its first part in time, and closes more in the later ones.
  expect(ends.at(-1)! - ends[0]!).toBeGreaterThan(LAST_PART_MS / 4 - stalledMs);
  expect(new Set(ends).size).toBeGreaterThan(stalledMs < LAST_PART_MS / 4 ? 2 : 0);
}

const KINDS: readonly (readonly [string, readonly string[]])[] = [
  ['tcp mode over ports', ['--mode', 'tcp']],
  ['--backend cluster', ['--backend', 'cluster']],
  ...(IS_MATRIX ? [['tcp mode over Unix sockets', ['--mode', 'tcp', '--transport', 'unix']] as const] : []),
];

describe.for(KINDS)('in %s', ([, args]) => {
  test('answers close their connections, idle ones close before the others, and none is reset', async () => {
    const { front, reload: swap } = await startProgram('http', ...args, ...DRAIN);
    const [asking, idle] = [await dialHttp(front.port), await dialHttp(front.port)];
    for (const socket of [asking, idle]) expect(await ask(socket, '/now')).toContain('Connection: keep-alive');
    const events = await dialHttp(front.port);
    expect(await ask(events, '/events')).toContain('begun');
    const stalledMs = watchStalls();
    const began = await swap();
    const idleEnded = endings([idle], began);
    const eventsEnded = new Promise<number>((resolve) => {
      events
        .on('error', () => {})
        .on('close', () => resolve(Date.now() - began))
        .on('end', () => events.destroy());
    });
    const answer = await askToTheLast(asking, '/again');
    expect(Date.now() - began).toBeLessThan(DRAIN_MS * 0.6 + stalledMs());
    expect(answer).toContain('Connection: close');
    expect(answer).toContain('1 again');
    await ended(asking);
    const [at] = await idleEnded;
    expect(at).toBeGreaterThanOrEqual(DRAIN_MS * 0.6 - MARGIN_MS / 2);
    expect(at).toBeLessThan(DRAIN_MS * 0.8 + MARGIN_MS + stalledMs());
    expect(await eventsEnded).toBeGreaterThanOrEqual(DRAIN_MS - LAST_PART_MS - MARGIN_MS / 2);
    await firstRetired(front);
  });

  test('other connections live until the last part of the drain timeout, over which they are closed', async () => {
    const { front, reload: swap } = await startProgram('talk', ...args, ...DRAIN);
    const conversations = await Promise.all(Array.from({ length: MANY }, () => dialHttp(front.port)));
    const greet = async () => {
      for (const socket of conversations) socket.write('hello\n');
      const answers = await Promise.all(conversations.map(async (socket) => once(socket, 'data')));
      expect(answers.flat()).toEqual(conversations.map(() => '1 hello\n'));
    };
    await greet(); // one that the kernel has connected may not be with a worker yet
    const stalledMs = watchStalls();
    const began = await swap();
    const ends = endings(conversations, began);
    await greet();
    expectSpread(await ends, stalledMs());
    await firstRetired(front);
  });
});

test('under a command, which no agent looks into, connections are closed as well, each with what is on its way', async () => {
  const release = await Release.create(await fixture('tcp-server.cjs'));
  const front = await startFront({
    args: [...commandIn(release), 'node', 'server.cjs', 'talk'],
    env: TCP_SERVER_ENV,
  });
  const conversations = await Promise.all(Array.from({ length: MANY }, () => converse('talk', front.port)));
  const stalledMs = watchStalls();
  const began = await reload(front, release);
  const ends = await Promise.all(conversations.map(async (conversation) => talkUntilClosed(conversation, began)));
  expectSpread(
    ends.toSorted((one, other) => one - other),
    stalledMs(),
  );
  expect(new Set(conversations.map(({ end }) => end))).toEqual(new Set(['ended']));
  await firstRetired(front);
});

/** Talks on until the connection ends; when that was, after `begin`. */
async function talkUntilClosed(conversation: Conversation, begin: number): Promise<number> {
  while (conversation.end === 'open') {
    const answer = await Promise.race([conversation.say('hello'), conversation.closed]);
    if (typeof answer === 'string') expect(answer).toBe('1 hello');
  }
  return Date.now() - begin;
}

test.runIf(hasPython)(`a Python program in tcp mode serves across a reload${WITHOUT_PYTHON}`, async () => {
  const release = await Release.create(await fixture('programs/app.py'));
  const front = await startFront({
    args: [...commandIn(release), 'python3', 'server.cjs'],
  });
  const client = await dialHttp(front.port);
  expect(await ask(client, '/now/1')).toContain('X-Version: 1');
  await reload(front, release);
  expect(await ask(client, '/now/2')).toContain('X-Version: 1');
  expect(await ask(await dialHttp(front.port), '/now/3')).toContain('X-Version: 2');
  client.end();
  await firstRetired(front);
});

test('when zdlb stops, idle http connections close at once', async () => {
  const { front } = await startProgram('http', '--mode', 'tcp', '--drain-timeout', '30s');
  const idle = await dialHttp(front.port);
  await ask(idle, '/now');
  const exit = front.stop();
  await ended(idle);
  expect(await exit).toEqual({ code: 0, signal: null });
});
