import { describe, expect, test } from 'vitest';
import { GOOD, isAlive, Rig, stopClock } from '../fixtures/supervisor/rig.ts';

/** Tells its vitals when it is sent SIGHUP: what it holds is in the environment of its slot. */
const REPORTING = `
  const vitals = (memoryBytes) => say({ type: 'vitals', memoryBytes, loopDelayMs: 0, answers: 0, errors: 0 });
  process.on('SIGHUP', () => vitals(2 ** 30));
  ${GOOD}`;

/** What the rotation was, each time that it changed. */
const rotations = (rig: Rig) => rig.dataPath.rotations.map((rotation) => rotation.join(' '));

describe('a worker that holds too much memory', () => {
  test('is replaced: its successor is ready before it drains', async () => {
    const rig = await Rig.serving(REPORTING, { maxMemory: '100M' });
    const release = rig.dataPath.hold(1);
    const [fat, lean] = rig.pids(1);
    process.kill(fat!, 'SIGHUP');
    const begun = await rig.journal.first('worker.replacing');
    expect(begun).toMatchObject({ slot: 0, pid: fat, reason: 'memory' });
    expect(begun.message).toBe(
      'Worker 0 holds 1024M, more than 100M: a successor is started and takes over when it is ready',
    );
    const { pid } = await rig.journal.first('worker.replaced');
    const states = () =>
      rig.supervisor.status().workers.map((worker) => `${worker.pid} ${worker.slot} ${worker.state}`);
    expect(states().toSorted()).toEqual([`${fat} 0 draining`, `${lean} 1 ready`, `${String(pid)} 0 ready`].toSorted());
    expect(rotations(rig)).toEqual(['1.0 1.1']); // nobody was missing at any time
    release();
    await rig.journal.first('worker.exited', (line) => line['pid'] === fat);
    await expect.poll(() => rig.supervisor.status().workers.length).toBe(2);
    expect(rig.supervisor.status().workers.every(({ restarts }) => restarts === 0)).toBe(true);
  });

  test('waits for its turn: one is replaced at a time', async () => {
    const rig = await Rig.serving(REPORTING, { workers: 3, maxMemory: '100M' });
    for (const pid of rig.pids(1)) process.kill(pid, 'SIGHUP');
    await expect.poll(() => rig.journal.all('worker.replaced').length, { timeout: 10_000 }).toBe(3);
    const story = rig.journal.lines.filter(({ event }) => event.startsWith('worker.replac')).map(({ event }) => event);
    expect(story).toEqual(Array.from({ length: 3 }, () => ['worker.replacing', 'worker.replaced']).flat());
  });

  test('serves on when its successor fails, and the next attempt comes later', async () => {
    const rig = await Rig.serving(
      `if (require('fs').existsSync('../broken')) throw new Error('no disk'); ${REPORTING}`,
      {
        maxMemory: '100M',
      },
    );
    await rig.put('broken');
    process.kill(rig.pids(1)[1]!, 'SIGHUP');
    const failed = await rig.journal.first('worker.not-replaced');
    expect(failed.message).toMatch(/^Worker 1 serves on, its successor failed: Worker 1 exited with code 1 .*no disk/);
    expect(rotations(rig)).toEqual(['1.0 1.1']);
    await rig.remove('broken');
    expect(await rig.journal.first('worker.replaced')).toMatchObject({ slot: 1 });
  });

  test('is left to a reload that comes meanwhile', async () => {
    const rig = await Rig.serving(REPORTING, { maxMemory: '100M' });
    process.kill(rig.pids(1)[0]!, 'SIGHUP');
    await rig.journal.first('worker.replacing');
    expect(await rig.supervisor.reload()).toMatchObject({ generation: 2 });
    await rig.journal.first('generation.retired');
    expect(rig.dataPath.rotations.at(-1)).toEqual(['2.0', '2.1']);
    expect(rig.supervisor.status().workers).toHaveLength(2);
    expect(rig.journal.all('worker.not-replaced')).toEqual([]);
  });

  test('and crashes while its successor starts, is succeeded by that one alone', async () => {
    const rig = await Rig.serving(REPORTING, { maxMemory: '100M' });
    const [fat] = rig.pids(1);
    process.kill(fat!, 'SIGHUP');
    await rig.journal.first('worker.replacing');
    process.kill(fat!, 'SIGKILL');
    await rig.journal.first('worker.exited', (line) => line['pid'] === fat);
    await expect.poll(() => rig.dataPath.rotations.at(-1)).toEqual(['1.0', '1.1']);
    await expect.poll(() => rig.supervisor.status().workers.length).toBe(2);
    expect(rig.journal.all('worker.started')).toHaveLength(3);
  });
});

test('a worker that has served long enough is replaced, not all in the same moment', async () => {
  const rig = await Rig.serving(GOOD, { workers: 3, maxAge: '1s' });
  const old = rig.pids(1);
  for (const slot of [0, 1, 2]) await rig.journal.first('worker.replaced', (line) => line['slot'] === slot);
  const begun = rig.journal.all('worker.replacing').slice(0, 3);
  expect(begun.map(({ reason }) => reason)).toEqual(['age', 'age', 'age']);
  await expect.poll(() => old.filter(isAlive)).toEqual([]);
});

describe('a worker whose beats stop', () => {
  const BEATING = `const beat = setInterval(() => vitals(1), 100); process.on('SIGUSR1', () => clearInterval(beat)); const vitals = (memoryBytes) => say({ type: 'vitals', memoryBytes, loopDelayMs: 0, answers: 0, errors: 0 }); ${GOOD}`;

  test('leaves the rotation, and is replaced', async () => {
    const rig = await Rig.serving(BEATING, { hangTimeout: '500ms' });
    const [hung] = rig.pids(1);
    await expect.poll(() => rig.supervisor.status().workers.every(({ memoryBytes }) => memoryBytes === 1)).toBe(true);
    process.kill(hung!, 'SIGUSR1');
    expect(await rig.journal.first('worker.unhealthy')).toMatchObject({ slot: 0, reason: 'has a blocked event loop' });
    expect(await rig.journal.first('worker.replacing')).toMatchObject({ slot: 0, reason: 'hang' });
    await rig.journal.first('worker.exited', (line) => line['pid'] === hung);
    expect(rotations(rig)).toEqual(['1.0 1.1', '1.1', '1.0 1.1']);
  });

  test('and come again, is back in the rotation', async () => {
    const rig = await Rig.serving(
      `if (require('fs').existsSync('../slow')) setInterval(() => {}, 1000);
       else { process.on('SIGHUP', () => setInterval(() => vitals(1), 100)); ${BEATING} }`,
      { hangTimeout: '500ms' },
    );
    await rig.put('slow'); // for its successor
    const [hung] = rig.pids(1);
    await expect.poll(() => rig.supervisor.status().workers.every(({ memoryBytes }) => memoryBytes === 1)).toBe(true);
    process.kill(hung!, 'SIGUSR1');
    await rig.journal.first('worker.unhealthy');
    process.kill(hung!, 'SIGHUP');
    expect(await rig.journal.first('worker.healthy')).toMatchObject({ slot: 0 });
    expect(rotations(rig).slice(0, 3)).toEqual(['1.0 1.1', '1.1', '1.0 1.1']);
  });

  test('stays in the rotation while it is the only one', async () => {
    const rig = await Rig.serving(BEATING, { workers: 1, hangTimeout: '500ms' });
    const [hung] = rig.pids(1);
    await expect.poll(() => rig.supervisor.status().workers[0]!.memoryBytes).toBe(1);
    process.kill(hung!, 'SIGUSR1');
    await rig.journal.first('worker.replaced');
    expect(rotations(rig)).toEqual(['1.0']);
  });
});

describe('health', () => {
  const PROBED = { health: '/healthz', healthInterval: '50ms' };

  test('makes a worker ready, and no sooner', async () => {
    const rig = await Rig.create(GOOD, { ...PROBED, workers: 1 });
    rig.dataPath.complaints.set('1.0', 'answered 503 to GET /healthz');
    const started = rig.supervisor.start();
    await expect.poll(() => rig.dataPath.probed.length).toBeGreaterThan(1);
    expect(rig.supervisor.status().workers).toMatchObject([{ state: 'starting' }]);
    rig.dataPath.complaints.clear();
    await started;
    expect(rig.dataPath.rotations).toEqual([['1.0']]);
  });

  test('that never comes fails the start, with what was answered', async () => {
    const rig = await Rig.create(GOOD, { ...PROBED, workers: 1 });
    rig.dataPath.complaints.set('1.0', 'answered 503 to GET /healthz');
    const pass = stopClock();
    const failed = expect(rig.supervisor.start()).rejects.toThrow(
      'Worker 0 was not ready within 20s: it answered 503 to GET /healthz',
    );
    await expect.poll(() => rig.dataPath.probed).toContain('1.0');
    pass(20_000);
    await failed;
  });

  test('lost three times in a row takes a worker out; found twice, it is back', async () => {
    const rig = await Rig.serving(GOOD, { ...PROBED, workers: 2 });
    rig.dataPath.complaints.set('1.1', 'did not answer GET /healthz');
    expect(await rig.journal.first('worker.unhealthy')).toMatchObject({
      slot: 1,
      reason: 'did not answer GET /healthz',
    });
    expect(rig.supervisor.status().workers).toMatchObject([{ isAiling: false }, { isAiling: true, state: 'ready' }]);
    rig.dataPath.complaints.clear();
    await rig.journal.first('worker.healthy');
    expect(rotations(rig)).toEqual(['1.0 1.1', '1.0', '1.0 1.1']);
    expect(rig.journal.all('worker.replacing')).toEqual([]);
  });

  test('lost for too long has the worker replaced', async () => {
    const rig = await Rig.serving(GOOD, { ...PROBED, healthGrace: '200ms' });
    const [, ailing] = rig.pids(1);
    rig.dataPath.complaints.set('1.1', 'did not answer GET /healthz');
    expect(await rig.journal.first('worker.replacing')).toMatchObject({ slot: 1, pid: ailing, reason: 'health' });
    rig.dataPath.complaints.clear(); // for the successor
    await rig.journal.first('worker.replaced');
    expect(rig.dataPath.rotations.at(-1)).toEqual(['1.0', '1.1']);
  });

  test('lost by all never takes more than half of the workers out', async () => {
    const rig = await Rig.serving(GOOD, { ...PROBED, workers: 5 });
    for (const slot of [0, 1, 2, 3, 4]) rig.dataPath.complaints.set(`1.${slot}`, 'answered 500 to GET /healthz');
    await expect.poll(() => rig.journal.all('worker.unhealthy').length).toBe(5);
    expect(Math.min(...rig.dataPath.rotations.map(({ length }) => length))).toBe(3);
  });

  test('is looked for in new code before it takes over', async () => {
    const rig = await Rig.serving(GOOD, PROBED);
    rig.dataPath.complaints.set('2.1', 'answered 500 to GET /healthz');
    const pass = stopClock();
    const failed = expect(rig.supervisor.reload()).rejects.toThrow(
      'Worker 1 was not ready within 20s: it answered 500',
    );
    await rig.journal.first('worker.ready', ({ generation }) => generation === 2);
    await expect.poll(() => rig.dataPath.probed).toContain('2.1');
    pass(20_000);
    await failed;
    expect(rotations(rig)).toEqual(['1.0 1.1']);
  });
});

describe('with --wait-ready', () => {
  test('a worker is ready when it says so', async () => {
    const rig = await Rig.create(`process.on('SIGHUP', () => say({ type: 'ready' })); ${GOOD}`, {
      waitReady: true,
      workers: 1,
    });
    const started = rig.supervisor.start();
    await expect.poll(() => rig.dataPath.opened.length).toBe(1);
    expect(rig.supervisor.status().workers).toMatchObject([{ state: 'starting' }]);
    process.kill(rig.pids(1)[0]!, 'SIGHUP');
    await started;
  });

  test('one that never says so has failed', async () => {
    const rig = await Rig.create(GOOD, { waitReady: true, workers: 1 });
    const pass = stopClock();
    const failed = expect(rig.supervisor.start()).rejects.toThrow(
      "Worker 0 was not ready within 20s: it has not called process.send('ready')",
    );
    await expect.poll(() => rig.dataPath.opened.length).toBe(1);
    pass(20_000);
    await failed;
  });
});

test('a worker that crashes again and again is named as such, and the others are left alone', async () => {
  const rig = await Rig.serving(`if (process.env.ZDLB_WORKER === '0') setTimeout(() => process.exit(7), 300); ${GOOD}`);
  const fine = rig.pids(1)[1];
  const { message } = await rig.journal.first('worker.crash-looping');
  expect(message).toMatch(/^Worker 0 crashes again and again \(5 times by now\)/);
  expect(rig.supervisor.status().workers.find(({ slot }) => slot === 1)).toMatchObject({
    pid: fine,
    isCrashLooping: false,
    restarts: 0,
  });
  await expect
    .poll(() => rig.supervisor.status().workers.find(({ slot }) => slot === 0))
    .toMatchObject({ isCrashLooping: true });
  expect(rig.journal.all('worker.crash-looping')).toHaveLength(1);
});
