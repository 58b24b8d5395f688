import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { asked } from '../kit/control.ts';
import { startFront } from '../kit/front.ts';
import { shared } from '../kit/lifetime.ts';
import { leftAfter } from '../kit/process.ts';
import { fixture, Release } from '../kit/release.ts';
import { machine, serve } from '../kit/verb-scene.ts';
import { startVerb, zdlb } from '../kit/verb.ts';

interface Output {
  /** All that has been printed so far. */
  text: string;
  /** Resolves when the verb has ended. */
  readonly ended: Promise<unknown>;
  readonly child: ReturnType<typeof startVerb>;
}

function follow(args: readonly string[], where: { readonly home: string }): Output {
  const child = startVerb(args, where);
  const output: Output = { text: '', child, ended: once(child, 'close') };
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output.text += text));
  return output;
}

const linesOf = ({ text }: Output) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

test('zdlb status tells of the places whose workers have crashed, how those ended and when the next are started', async () => {
  const release = await Release.create(await fixture('load-server.cjs'));
  await release.deployFixture('failing/exits-after-listening.cjs');
  const front = await startFront({ script: release.script, args: ['--workers', '1'] });
  await front.event('worker.crash-looping');
  await front.event('worker.restarting', ({ delayMs }) => Number(delayMs) > 500); // long enough to ask
  await expect
    .poll(async () => machine(front, 'status'))
    .toMatchObject({
      workers: [],
      vacancies: [
        {
          slot: 0,
          generation: 1,
          restarts: expect.any(Number) as number,
          isCrashLooping: true,
          remainingMs: expect.any(Number) as number,
          reason: 'Worker 0 exited with code 1: licence expired',
        },
      ],
    });
  const told = async () => (await zdlb(['status'], front)).stdout;
  await expect.poll(told).toMatch(/^server: no worker ready, [^]*\n *0 +1 +- +crash loop +- +- +- +\d+ +-\n/);
  await expect.poll(told).toMatch(/\nWorker 0 exited with code 1: licence expired; started anew in \S+\n/);
  await expect.poll(async () => (await zdlb(['ls'], front)).stdout).toContain('no worker ready');
});

describe('of an instance', () => {
  const scene = shared(async () => serve({ args: ['--watch-window', '1m'] }));

  test('zdlb status tells all, and in 80 columns', async () => {
    const { front } = scene();
    expect(await machine(front, 'status')).toMatchObject({
      name: 'server',
      pid: front.pid,
      version: expect.any(String) as string,
      state: 'serving',
      uptimeMs: expect.any(Number) as number,
      generation: 1,
      listeners: [{ port: front.port, mode: 'http', connections: 0 }],
      workers: [
        { slot: 0, pid: front.workers(1).get(0), generation: 1, state: 'ready', restarts: 0 },
        { slot: 1, pid: front.workers(1).get(1), generation: 1, state: 'ready', restarts: 0 },
      ],
      reloads: { done: 0, failed: 0, lastError: null },
    });
    const { stdout } = await zdlb(['status'], front);
    expect(stdout).toMatch(/^server: serving, generation 1, /);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('zdlb scale takes a number or a change, and says how many there are', async () => {
    const { front } = scene();
    expect(await machine(front, 'scale', '3')).toEqual({ workers: 3 });
    expect(front.workers(1).size).toBe(3);
    expect(await asked(front.home, 'POST /scale', { workers: '+1' })).toEqual({ workers: 4 });
    expect(await zdlb(['scale', '-2'], front)).toEqual({ code: 0, stdout: 'server: 2 workers\n', stderr: '' });
    expect(await zdlb(['scale', '-9'], front)).toMatchObject({ stdout: 'server: 1 worker\n' });
    for (const words of [['scale', 'many'], ['scale', '0'], ['scale', '513'], ['scale', '1000'], ['scale']])
      expect(await zdlb(words, front)).toMatchObject({ code: 2, stdout: '' });
  });

  test('zdlb rollback goes back while a former generation is warm, and else exits 1', async () => {
    const { front, release } = scene();
    expect(await zdlb(['rollback'], front)).toMatchObject({ code: 1, stderr: expect.stringMatching(/warm/) as string });
    await release.deploy(2);
    const since = front.mark();
    front.signal('SIGUSR2');
    await front.event('reload.watching', undefined, since);
    expect(await machine(front, 'rollback')).toEqual({ generation: 1 });
    expect(await machine(front, 'reload')).toMatchObject({ generation: 3 });
    expect(await machine(front, 'status')).toMatchObject({ state: 'watching' });
    expect(await machine(front, 'rollback')).toEqual({ generation: 1 });
  });

  test('zdlb reload comes back at the swap, and says for how long the former generation is kept warm', async () => {
    const { front } = scene();
    const { code, stdout } = await zdlb(['reload'], front);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^server: generation \d+ has taken over after \S+, and the former one is kept warm for 60s: /,
    );
    expect(await machine(front, 'rollback')).toEqual({ generation: 1 });
  });

  test('zdlb reload --wait-retired waits for the watch window too, and exits 1 when the new code was taken back', async () => {
    const { front } = scene();
    const since = front.mark();
    const reload = zdlb(['reload', '--wait-retired'], front);
    await front.event('reload.watching', undefined, since);
    expect(await machine(front, 'rollback')).toEqual({ generation: 1 });
    expect(await reload).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/taken back: the operator/) as string,
    });
  });

  test('zdlb logs shows the last entries, and what the workers printed, to people and machines', async () => {
    const { front } = scene();
    expect((await zdlb(['logs'], front)).stdout).toMatch(/INFO: Worker 0 is ready/);
    const lines = (await zdlb(['logs', '--json', '--lines', '1000'], front)).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(front.entries);
  });

  test('zdlb logs shows so many lines, or those of one worker', async () => {
    const { front } = scene();
    const { stdout } = await zdlb(['logs', '--json', '--lines', '2'], front);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(front.entries.slice(-2));
    const ofOne = (await zdlb(['logs', '--json', '--worker', '1'], front)).stdout.trimEnd().split('\n');
    const entries = front.entries.filter(({ slot }) => slot === 1);
    expect(ofOne.map((line) => JSON.parse(line) as unknown)).toEqual(entries);
    expect(await zdlb(['logs', '--lines', 'few'], front)).toMatchObject({ code: 2 });
  });

  test('zdlb ls shows a line', async () => {
    const { front } = scene();
    expect((await zdlb(['ls'], front)).stdout).toMatch(
      new RegExp(`^name .*\nserver +${front.pid} +serving .* ${front.port} `),
    );
  });

  test('zdlb status --watch and logs -f go on until Ctrl-C, which ends them as asked', async () => {
    const { front } = scene();
    const watching = follow(['status', '--watch', '--json'], front);
    const following = follow(['logs', '-f', '--json', '--lines', '1'], front);
    await Promise.all([once(watching.child.stdout!, 'data'), once(following.child.stdout!, 'data')]);
    for (const { child } of [watching, following]) child.kill('SIGINT');
    expect(await Promise.all([watching.ended, following.ended])).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(linesOf(watching)[0]).toMatchObject({ name: 'server', state: 'serving' }); // another one follows each second
  });
});

test('with zdlb stop all is over: workers and name are gone, who watched is told', async () => {
  const { front } = await serve();
  const workers = [...front.workers(1).values()];
  const watching = follow(['status', '--watch'], front);
  const following = follow(['logs', '-f', '--json'], front);
  await Promise.all([once(watching.child.stdout!, 'data'), once(following.child.stdout!, 'data')]);
  expect(await zdlb(['stop'], front)).toEqual({ code: 0, stdout: 'server has stopped\n', stderr: '' });
  expect(await front.exited).toEqual({ code: 0, signal: null });
  expect(await leftAfter(0, workers)).toEqual([]);
  expect(readdirSync(front.home)).toEqual([]);
  expect(await Promise.all([watching.ended, following.ended])).toEqual([
    [0, null],
    [0, null],
  ]);
  expect(watching.text).toMatch(/\nserver has ended\n$/);
  expect(linesOf(following)).toEqual(front.entries);
  expect(await zdlb(['stop'], front)).toMatchObject({ code: 4 });
});

test.each([
  [['help'], 0, /^zdlb \[run\] \[options\] <script>/],
  [['help', 'reload'], 0, /^zdlb reload \[--wait-retired\][^]*--name/],
  [['help', 'start'], 0, /^zdlb start \[options\] <script>[^]*in the background[^]*--workers/],
  [['check', '--help'], 0, /^zdlb check \[options\][^]*starts nothing[^]*--workers/],
  [['init', 'systemd', '--help'], 0, /^zdlb init systemd [^]*--output DIR[^]*--workers/],
  [['help', 'migrate'], 0, /^zdlb migrate [^]*--only NAME/],
  [['completion', 'bash'], 0, /^# Installation: zdlb completion bash >>/m],
  [['help', 'relaod'], 2, /^zdlb: There is no verb relaod. Did you mean zdlb reload\?/],
  [['relaod'], 2, /^zdlb: Cannot run relaod: no such verb, and no such file. Did you mean zdlb reload\?/],
  [['reload', '--nmae', 'api'], 2, /nmae/],
  [['reload', 'now'], 2, /^zdlb: Wanted zdlb reload \[--wait-retired\], met zdlb reload now/],
])('zdlb %j helps', async (words, code, says) => {
  const outcome = await zdlb(words, { cwd: '/' });
  expect(outcome.code).toBe(code);
  expect(outcome.stdout + outcome.stderr).toMatch(says);
});
