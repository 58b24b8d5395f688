import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Deferred } from '../../src/core/deferred.js';
import { asked } from '../kit/control.ts';
import { type Front, startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { type Load, startLoad } from '../kit/load.ts';
import { BRIEF_POSTS, FRESH } from '../kit/loads.ts';
import { RawClient } from '../kit/raw-client.ts';
import { fixture, Release } from '../kit/release.ts';
import { startVerb, zdlb } from '../kit/verb.ts';

interface Paused {
  readonly held: number;
  readonly inFlight: number;
  readonly lasting: number;
  readonly remainingMs: number;
}

interface Way {
  readonly name: string;
  readonly args: readonly string[];
  readonly load: Load;
}

const WAYS: readonly Way[] = [
  { name: 'requests by the relay', args: [], load: BRIEF_POSTS },
  { name: 'requests by the http-proxy', args: ['--http-engine', 'http-proxy'], load: BRIEF_POSTS },
  { name: 'connections in tcp mode', args: ['--mode', 'tcp'], load: FRESH },
  { name: 'connections that are handed over', args: ['--backend', 'cluster'], load: FRESH },
];

async function serve(args: readonly string[] = []) {
  const release = await Release.create(await fixture('load-server.cjs'));
  const ledger = await Ledger.create();
  const front = await startFront({ script: release.script, args, env: { LEDGER: ledger.path } });
  return { front, release, ledger };
}

async function machine(front: Front, ...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await zdlb([...args, '--json'], front);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** What a pause says, once so many are held and what had begun before has ended. */
async function settled(front: Front, count: number): Promise<Paused> {
  for (;;) {
    const { pause } = (await asked(front.home, 'GET /status')) as { readonly pause: Paused };
    if (pause.held >= count && pause.lasting === 0) return pause;
  }
}

describe.each(WAYS)('a pause holds $name', ({ args, load: kind }) => {
  test('while a generation takes over from another, and each is carried out exactly once', async () => {
    const { front, release, ledger } = await serve(args);
    const load = startLoad(kind, front.port);
    await load.tally.served(200);

    await machine(front, 'pause', '--timeout', '20s');
    expect(await settled(front, kind.lanes)).toMatchObject({ held: kind.lanes, inFlight: 0 });
    const { length } = await ledger.rows();
    await release.deploy(2);
    await machine(front, 'reload', '--wait-retired');
    expect(await ledger.rows()).toHaveLength(length);

    expect(await machine(front, 'resume')).toEqual({ wasPaused: true, released: kind.lanes });
    await load.tally.answeredBy('version', 2);
    const { requests } = (await asked(front.home, 'GET /status')) as { readonly requests: { readonly held: number } };
    expect(requests.held).toBeGreaterThanOrEqual(kind.lanes);
    const tally = await load.stop();
    await front.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    if (kind.connection === 'kept') expect(tally.connections).toBe(kind.lanes);
    expect(await ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
  });
});

const get = (client: RawClient, path: string) =>
  client.exchange({ method: 'GET', bytes: `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n` });

async function dial(front: Front): Promise<RawClient> {
  const client = await RawClient.connect(front.port);
  onTestFinished(() => client.destroy());
  return client;
}

test('a pause waits for what is in flight, ends by itself, and outlasts the hold timeout', async () => {
  const { front } = await serve(['--hold-timeout', '100ms']);
  const [first, second] = [await dial(front), await dial(front)];
  const slow = get(first, '/slow/1');
  const since = front.mark();
  const paused = machine(front, 'pause', '--timeout', '700ms');
  await front.event('paused', undefined, since);
  const held = get(second, '/now/2');
  expect(await paused).toMatchObject({ inFlight: 0, lasting: 0 });
  expect(await slow).toMatchObject({ response: { status: 200 } });
  const resumed = await front.event('resumed', undefined, since);
  expect(resumed).toMatchObject({ released: 1, msg: expect.stringMatching(/by itself after 700ms/) as string });
  expect(await held).toMatchObject({ response: { status: 200 } });
  expect(await machine(front, 'resume')).toEqual({ wasPaused: false, released: 0 });
});

/** A front with a request in flight that goes on for a long time. */
async function busy() {
  const { front } = await serve();
  const client = await dial(front);
  const begun = new Deferred<void>();
  const bytes = 'GET /stream/1/1000 HTTP/1.1\r\nHost: a\r\n\r\n';
  void client.exchange({ method: 'GET', bytes, onHead: () => begun.resolve() });
  await begun.promise;
  return { front, client };
}

test('a pause in which work does not end in time fails, and says so', async () => {
  const { front } = await busy();
  expect(await zdlb(['pause', '--timeout', '300ms'], front)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^zdlb: Cannot pause: 1 request was still in flight/) as string,
  });
  expect(await asked(front.home, 'GET /status')).toMatchObject({ state: 'serving' });
  expect(await get(await dial(front), '/now/2')).toMatchObject({ response: { status: 200 } });
});

/** `zdlb pause` while it waits for what is in flight. */
async function waiting(front: Front, ...args: readonly string[]) {
  const since = front.mark();
  const verb = startVerb(['pause', ...args], front);
  await front.event('paused', undefined, since);
  return verb;
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
  'a pause whose verb is ended by %s while it waits is over, and nothing stays held',
  async (signal) => {
    const { front } = await busy();
    const verb = await waiting(front, '--timeout', '1m');
    const held = get(await dial(front), '/now/2');
    await settled(front, 1);
    verb.kill(signal);
    expect(await once(verb, 'exit')).toEqual([null, signal]);
    const gone = { released: 1, msg: expect.stringMatching(/has gone/) as string };
    expect(await front.event('resumed')).toMatchObject(gone);
    expect(await held).toMatchObject({ response: { status: 200 } });
    expect(await asked(front.home, 'GET /status')).toMatchObject({ state: 'serving' });
  },
);

test('a pause whose verb is ended goes on for another one, for the time that this one wants', async () => {
  const { front, client } = await busy();
  const first = await waiting(front, '--timeout', '1m');
  const second = await waiting(front, '--timeout', '1h');
  second.kill('SIGINT');
  while ((await settled(front, 0)).remainingMs > 60_000);
  client.destroy();
  expect(await once(first, 'exit')).toEqual([0, null]);
  expect(await asked(front.home, 'GET /status')).toMatchObject({ state: 'paused' });
});

test('a pause that another verb has begun anew outlasts the first one', async () => {
  const { front, client } = await busy();
  const first = await waiting(front, '--timeout', '1m');
  const second = await waiting(front, '--timeout', '1h');
  first.kill('SIGINT');
  await once(first, 'exit');
  client.destroy();
  expect(await once(second, 'exit')).toEqual([0, null]);
  expect((await settled(front, 0)).remainingMs).toBeGreaterThan(60_000);
});

test('a second pause begins the time anew, and the status tells', async () => {
  const { front } = await serve(['--workers', '1']);
  await asked(front.home, 'POST /pause', { timeout: '5s' });
  await machine(front, 'pause', '--timeout', '60s');
  const status = (await asked(front.home, 'GET /status')) as { readonly state: string; readonly pause: Paused };
  expect(status.state).toBe('paused');
  expect(status.pause.remainingMs).toBeGreaterThan(30_000);
  const shown = (await zdlb(['status'], front)).stdout;
  expect(shown).toMatch(/^server: paused, /);
  expect(shown).toMatch(/0 held, goes on by itself in/);
  for (const args of [
    ['pause', '--timeout', 'soon'],
    ['resume', '--spread', '1'],
  ])
    expect(await zdlb(args, front)).toMatchObject({ code: 2, stderr: expect.stringMatching(args[2]!) as string });
});

test('who is held when zdlb stops is told at once that there is nobody, and no worker sees it', async () => {
  const { front, ledger } = await serve();
  await asked(front.home, 'POST /pause', { timeout: '60s' });
  const client = await dial(front);
  const held = get(client, '/now/1');
  await settled(front, 1);
  expect(await zdlb(['stop'], front)).toMatchObject({ code: 0 });
  expect(await held).toMatchObject({ response: { status: 503 } });
  expect(await ledger.rows()).toEqual([]);
});

test('a pause lets connections live that are open, and refuses beyond --hold-max', async () => {
  const { front } = await serve(['--hold-max', '1', '--mode', 'tcp']);
  const open = await dial(front);
  await get(open, '/now/0');
  expect(await asked(front.home, 'POST /pause', { timeout: '60s' })).toMatchObject({ inFlight: 0, lasting: 1 });
  open.destroy();
  const held = await dial(front);
  const answer = get(held, '/now/1');
  await settled(front, 1);
  const refused = connect(front.port, '127.0.0.1').resume();
  refused.on('error', () => {});
  await once(refused, 'close');
  await asked(front.home, 'POST /resume', { spread: '100ms' });
  expect(await answer).toMatchObject({ response: { status: 200 } });
});
