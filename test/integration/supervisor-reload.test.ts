import { describe, expect, test } from 'vitest';
import { GOOD, isAlive, Rig, stopClock } from '../fixtures/supervisor/rig.ts';

describe('reload', () => {
  test('lets the new code take over in one tick, and retires the old behind it', async () => {
    const rig = await Rig.serving();
    const old = rig.pids(1);
    const release = rig.dataPath.hold(1);
    await rig.deploy(`${GOOD} console.log('new', JSON.stringify(settings.ports))`);
    expect(await rig.supervisor.reload()).toMatchObject({ generation: 2, durationMs: expect.any(Number) });
    expect(rig.dataPath.rotations).toEqual([
      ['1.0', '1.1'],
      ['2.0', '2.1'],
    ]);
    await rig.journal.first('worker.output', ({ message }) => message === 'new [[8000,8000]]');
    expect(rig.supervisor.status().workers.map(({ generation, state }) => [generation, state])).toEqual([
      [1, 'draining'],
      [1, 'draining'],
      [2, 'ready'],
      [2, 'ready'],
    ]);
    expect(old.filter(isAlive)).toEqual(old); // they still hold work
    release();
    await rig.journal.first('generation.retired', ({ generation }) => generation === 1);
    expect(old.filter(isAlive)).toEqual([]);
    expect(rig.supervisor.status().reloads).toEqual({ done: 1, failed: 0, lastError: null });
  });

  test.each([
    ['throws at import', `throw new Error('broken');`, /exited with code 1 before it was ready: Error: broken/],
    ['exits at once', `process.exit(0)`, /exited with code 0 before it was ready/],
    ['has a syntax error', `listening(8000`, /exited with code 1 before it was ready: SyntaxError: /],
    ['never listens', `setInterval(() => {}, 1000)`, /was not ready within 500ms: it has not opened port 8000/],
    [
      'opens another port',
      `listening(9000); setInterval(() => {}, 1000)`,
      /asks for port 9000, but .* serves port 8000/,
    ],
    [
      'speaks something else',
      `listening(8000, { protocol: 'tcp' }); setInterval(() => {}, 1000)`,
      /speaks tcp on port 8000/,
    ],
    [
      'is refused',
      `say({ type: 'refused', reason: 'cluster.fork()' }); setInterval(() => {}, 1000)`,
      /: cluster.fork\(\)/,
    ],
    [
      'crashes in one worker when that was ready',
      `if (process.env.ZDLB_WORKER === '0') listening(8000), setTimeout(() => process.exit(3), 50);
       setInterval(() => {}, 1000)`,
      /Worker 0 exited with code 3/,
    ],
  ])('to code that %s fails and touches nothing', async (name, code, reason) => {
    const rig = await Rig.serving();
    const old = rig.pids(1);
    await rig.deploy(code);
    const config = rig.configWith(name === 'never listens' ? { readyTimeout: '500ms' } : {});
    await expect(rig.supervisor.reload(config)).rejects.toMatchObject({
      code: 'worker',
      message: expect.stringMatching(reason),
    });
    expect(await rig.journal.first('reload.failed')).toMatchObject({
      reason: expect.stringMatching(reason),
      generation: 2,
    });
    expect(rig.dataPath.rotations).toEqual([['1.0', '1.1']]);
    expect(rig.supervisor.status()).toMatchObject({ generation: 1, reloads: { done: 0, failed: 1 } });
    expect(rig.supervisor.status().workers.map(({ pid }) => pid)).toEqual(old); // and nothing of the new code is left
    await rig.deploy(GOOD);
    expect((await rig.supervisor.reload()).generation).toBe(3);
  });

  test('to a script that is gone fails and touches nothing', async () => {
    const rig = await Rig.serving();
    await expect(rig.supervisor.reload(rig.configWith({ script: 'gone.js' }))).rejects.toMatchObject({
      code: 'worker',
    });
    expect(rig.supervisor.status()).toMatchObject({ generation: 1, state: 'serving' });
  });

  test('during a reload is refused; one that was requested runs once afterwards', async () => {
    const rig = await Rig.serving();
    const running = rig.supervisor.reload();
    await expect(rig.supervisor.reload()).rejects.toMatchObject({ code: 'busy' });
    for (let times = 0; times < 3; times++) rig.supervisor.requestReload();
    await running;
    await rig.journal.first('reload.done', ({ generation }) => generation === 3);
    expect(rig.supervisor.status().state).toBe('serving');
    expect(rig.journal.all('reload.started')).toHaveLength(2);
  });

  test('waits while three generations retire, and cuts nothing short', async () => {
    const rig = await Rig.serving(GOOD, { workers: 1 });
    const releases = [1, 2, 3].map((generation) => rig.dataPath.hold(generation));
    for (let times = 0; times < 3; times++) await rig.supervisor.reload();
    const fourth = rig.supervisor.reload();
    await rig.journal.first('reload.waiting');
    expect(rig.supervisor.status()).toMatchObject({ generation: 4, state: 'reloading' });
    expect(rig.journal.all('generation.retired')).toEqual([]);
    releases[0]!();
    expect((await fourth).generation).toBe(5);
    expect(rig.journal.all('generation.retired').map(({ generation }) => generation)).toEqual([1]);
    for (const release of releases) release();
  });

  test('stops a worker that still holds work when the drain timeout is over', async () => {
    const rig = await Rig.serving(GOOD, { workers: 1, drainTimeout: '300ms' });
    rig.dataPath.hold(1);
    await rig.supervisor.reload();
    const retired = await rig.journal.first('generation.retired');
    expect(retired['durationMs']).toBeGreaterThanOrEqual(290);
  });
});

describe('a further port, opened when the worker was ready,', () => {
  /** Reports behind its first port: who sees the report has seen the port. */
  const LATE = `process.on('SIGHUP', () => listening(9000)); ${GOOD}
    say({ type: 'vitals', memoryBytes: 1, loopDelayMs: 0, answers: 0, errors: 0 });`;

  test('is opened to clients in the first generation, and then awaited in the next', async () => {
    const rig = await Rig.serving(LATE, { workers: 1 });
    process.kill(rig.pids(1)[0]!, 'SIGHUP');
    await expect.poll(() => rig.dataPath.doors.at(-1)).toEqual([8000, 9000]);
    expect(rig.dataPath.opened.map(({ port }) => port)).toEqual([8000, 9000]);
    const pass = stopClock();
    const failed = expect(rig.supervisor.reload()).rejects.toThrow('it has not opened port 9000, but 8000');
    await expect.poll(() => rig.supervisor.status().workers.at(-1)).toMatchObject({ generation: 2, memoryBytes: 1 });
    pass(20_000);
    await failed;
    await rig.deploy(`${GOOD} listening(9000)`);
    await rig.supervisor.reload();
    expect(rig.dataPath.opened).toHaveLength(2); // a later generation opens nothing to clients
  });

  test('that the first generation did not have is only warned of', async () => {
    const rig = await Rig.serving(GOOD, { workers: 1 });
    await rig.deploy(LATE);
    await rig.supervisor.reload();
    process.kill(rig.pids(2)[0]!, 'SIGHUP');
    const { message } = await rig.journal.first('worker.refused');
    expect(message).toMatch(/^Worker 0 asks for port 9000, but the serving generation serves port 8000/);
    expect(rig.supervisor.status().workers.find(({ generation }) => generation === 2)).toMatchObject({
      state: 'ready',
    });
  });
});
