import { describe, expect, onTestFinished, test } from 'vitest';
import { ended, GOOD, isAlive, Rig } from '../fixtures/supervisor/rig.ts';

describe('start', () => {
  test('opens the port, puts all workers into the rotation at once, and tells them who they are', async () => {
    const rig = await Rig.serving(
      `
      const { PORT, HOST, ZDLB_NAME, ZDLB_WORKER, ZDLB_GENERATION, NODE_APP_INSTANCE, ZDLB_AGENT } = process.env;
      console.log(JSON.stringify({ PORT, HOST, ZDLB_NAME, ZDLB_WORKER, ZDLB_GENERATION, NODE_APP_INSTANCE, ZDLB_AGENT }));
      console.log(JSON.stringify({ ...settings, args: process.argv.slice(2) }));
      ${GOOD}`,
      { port: 8000, host: '127.0.0.1', args: ['--verbose'] },
    );
    expect(rig.dataPath.opened.map(({ port }) => port)).toEqual([8000, 8000]);
    expect(rig.dataPath.rotations).toEqual([['1.0', '1.1']]);
    await rig.journal.first('worker.output', ({ slot, message }) => slot === 1 && message.includes('channel'));
    const [identity, settings] = rig.journal.all('worker.output').filter(({ slot }) => slot === 1);
    const names = { ZDLB_NAME: 'server', ZDLB_WORKER: '1', ZDLB_GENERATION: '1', NODE_APP_INSTANCE: '1' };
    expect(JSON.parse(identity!.message)).toEqual({ PORT: '8000', HOST: '127.0.0.1', ...names });
    expect(JSON.parse(settings!.message)).toMatchObject({
      channel: 4,
      port: 8000,
      host: '127.0.0.1',
      args: ['--verbose'],
    });
    expect(rig.supervisor.status()).toMatchObject({
      state: 'serving',
      generation: 1,
      workers: [
        { slot: 0, state: 'ready', restarts: 0, address: '127.0.0.1:8000' },
        { slot: 1, state: 'ready' },
      ],
    });
  });

  test('fails with the last lines of the first worker that fails, and leaves nothing behind', async () => {
    const rig = await Rig.create(`
      console.log(process.pid);
      if (process.env.ZDLB_WORKER === '1') throw new Error('no database');
      ${GOOD}`);
    await expect(rig.supervisor.start()).rejects.toMatchObject({
      code: 'start',
      message: 'Worker 1 exited with code 1 before it was ready: Error: no database',
      lastLines: expect.arrayContaining(['Error: no database']),
    });
    const pids = rig.journal.all('worker.started').map(({ pid }) => Number(pid));
    expect(pids).toHaveLength(2);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(rig.supervisor.status()).toMatchObject({ state: 'stopped', generation: 0, workers: [] });
  });

  test('fails when the port is taken', async () => {
    const rig = await Rig.create(GOOD);
    rig.dataPath.openFailure = new Error('Cannot listen on port 8000: it is taken');
    await expect(rig.supervisor.start()).rejects.toThrow('Cannot listen on port 8000: it is taken');
    expect(rig.supervisor.status().workers).toEqual([]);
  });

  test('fails when the script is missing, before anything is started', async () => {
    const rig = await Rig.create(GOOD, { script: 'servr.js' });
    await expect(rig.supervisor.start()).rejects.toMatchObject({ code: 'usage' });
    expect(rig.journal.lines).toEqual([]);
  });

  test('with port none, a worker that has run for a second is ready', async () => {
    const rig = await Rig.serving(`setInterval(() => {}, 1000)`, { port: 'none', workers: 1 });
    expect(rig.journal.all('worker.ready')[0]!['ms']).toBeGreaterThanOrEqual(1_000);
  });

  test('a program may use its IPC channel as it likes', async () => {
    const rig = await Rig.serving(
      `process.send({ big: 'x'.repeat(1e6) }, () => {
         require('node:fs').writeSync(3, 'no JSON\\n');
         process.disconnect();
         listening(8000);
       });
       setInterval(() => {}, 1000);`,
      { workers: 1 },
    );
    await rig.supervisor.scale(2);
    expect(rig.dataPath.rotations.at(-1)).toEqual(['1.0', '1.1']);
  });
});

describe('scale', () => {
  test('up fills the lowest free slots, down empties the highest, and never below one', async () => {
    const rig = await Rig.serving();
    await rig.supervisor.scale(4);
    expect(rig.dataPath.rotations.at(-1)).toEqual(['1.0', '1.1', '1.2', '1.3']);
    const leaving = rig.pids(1).slice(1);
    await rig.supervisor.scale(0);
    expect(rig.dataPath.rotations.at(-1)).toEqual(['1.0']);
    await ended(leaving);
    expect(rig.supervisor.status().workers.filter(({ state }) => state === 'ready')).toHaveLength(1);
    await rig.supervisor.scale((wanted) => wanted + 1);
    expect(rig.dataPath.rotations.at(-1)).toEqual(['1.0', '1.1']);
  });

  test('up to a worker that fails says so, and tries again', async () => {
    const rig = await Rig.serving(
      `
      const { existsSync, writeFileSync } = require('node:fs');
      if (process.env.ZDLB_WORKER === '1' && !existsSync('tried')) {
        writeFileSync('tried', '');
        throw new Error('not at first');
      }
      ${GOOD}`,
      { workers: 1 },
    );
    await expect(rig.supervisor.scale(2)).rejects.toMatchObject({
      code: 'worker',
      message: 'Worker 1 exited with code 1 before it was ready: Error: not at first',
    });
    await rig.journal.first('worker.ready', ({ slot }) => slot === 1);
    await expect.poll(() => rig.dataPath.rotations.at(-1)).toEqual(['1.0', '1.1']);
  });

  test('waits for a reload, and holds for the generations after it', async () => {
    const rig = await Rig.serving();
    const reload = rig.supervisor.reload();
    const scale = rig.supervisor.scale(3);
    await reload;
    expect(rig.dataPath.rotations.at(-1)).toEqual(['2.0', '2.1']);
    await scale;
    expect(rig.dataPath.rotations.at(-1)).toEqual(['2.0', '2.1', '2.2']);
    await rig.supervisor.reload();
    expect(rig.dataPath.rotations.at(-1)).toEqual(['3.0', '3.1', '3.2']);
  });
});

describe('stop', () => {
  test('waits for the work, then asks the workers to go', async () => {
    const rig = await Rig.serving(`process.on('SIGTERM', () => { console.log('bye'); process.exit(); }); ${GOOD}`);
    const pids = rig.pids(1);
    const release = rig.dataPath.hold(1);
    const stopped = rig.supervisor.stop();
    expect(rig.supervisor.status().workers.map(({ state }) => state)).toEqual(['draining', 'draining']);
    await expect(rig.supervisor.reload()).rejects.toMatchObject({ code: 'stopping' });
    await expect(rig.supervisor.scale(3)).rejects.toMatchObject({ code: 'stopping' });
    release();
    await stopped;
    expect(pids.filter(isAlive)).toEqual([]);
    expect(rig.journal.all('worker.output').map(({ message }) => message)).toEqual(['bye', 'bye']);
    expect(rig.journal.all('worker.exited')).toMatchObject([
      { level: 'info', code: 0 },
      { level: 'info', code: 0 },
    ]);
    expect(rig.dataPath.rotations).toHaveLength(1);
    expect(rig.supervisor.status()).toMatchObject({ state: 'stopped', workers: [] });
  });

  test('kills a worker that ignores the stop signal after the kill timeout', async () => {
    const rig = await Rig.serving(`process.on('SIGTERM', () => {}); ${GOOD}`, { workers: 1 });
    await rig.supervisor.stop();
    expect(rig.journal.all('worker.killed')).toHaveLength(1);
    expect(rig.journal.all('worker.exited')).toMatchObject([{ level: 'info', signal: 'SIGKILL', state: 'stopping' }]);
  });

  test('now kills at once what drains', async () => {
    const rig = await Rig.serving(`process.on('SIGTERM', () => {}); ${GOOD}`, { killTimeout: '60s' });
    rig.dataPath.hold(1);
    const stopped = rig.supervisor.stop();
    await rig.supervisor.stopNow();
    await stopped;
    expect(rig.supervisor.status()).toMatchObject({ state: 'stopped', workers: [] });
  });

  test('during the start and during a reload gives up what is under way', async () => {
    const rig = await Rig.create(`setInterval(() => {}, 1000)`);
    const start = rig.supervisor.start();
    const failure = expect(start).rejects.toMatchObject({ code: 'stopping' });
    await rig.journal.first('worker.started');
    await rig.supervisor.stop();
    await failure;
    const other = await Rig.serving();
    await other.deploy(`setInterval(() => {}, 1000)`);
    const reload = expect(other.supervisor.reload()).rejects.toMatchObject({ code: 'stopping' });
    await other.journal.first('worker.started', ({ generation }) => generation === 2);
    await other.supervisor.stop();
    await reload;
    expect(other.supervisor.status()).toMatchObject({ state: 'stopped', workers: [], reloads: { failed: 0 } });
  });

  test('is not held up by a process that keeps the output open', async () => {
    const rig = await Rig.serving(
      `const child = require('node:child_process').spawn('sleep', ['1000'], { stdio: 'inherit', detached: true });
       console.log(child.pid); ${GOOD}`,
      { workers: 1 },
    );
    const { message } = await rig.journal.first('worker.output');
    onTestFinished(() => void process.kill(Number(message), 'SIGKILL'));
    const began = performance.now();
    await rig.supervisor.stop();
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
