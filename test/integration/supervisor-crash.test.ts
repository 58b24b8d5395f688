import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ended, GOOD, isAlive, Rig } from '../fixtures/supervisor/rig.ts';

const FRONT = fileURLToPath(new URL('../fixtures/supervisor/front.mjs', import.meta.url));

describe('a crash', () => {
  test('leaves the rotation at once and is refilled with the code of its generation', async () => {
    const rig = await Rig.serving(`${GOOD} console.log(__filename)`);
    await rig.deploy(`throw new Error('unproven')`);
    const [victim, other] = rig.pids(1);
    process.kill(victim!, 'SIGKILL');
    const ready = await rig.journal.first('worker.ready', ({ slot, pid }) => slot === 0 && pid !== victim);
    expect(rig.dataPath.rotations).toEqual([['1.0', '1.1'], ['1.1'], ['1.0', '1.1']]);
    expect(rig.pids(1)).toEqual([ready['pid'], other]);
    expect(await rig.journal.first('worker.exited')).toMatchObject({
      level: 'error',
      slot: 0,
      signal: 'SIGKILL',
      state: 'ready',
      message: 'Worker 0 was killed by SIGKILL',
    });
    expect(rig.journal.all('worker.restarting')).toMatchObject([{ slot: 0, delayMs: 0 }]);
    await rig.journal.first(
      'worker.output',
      ({ pid, message }) => pid === ready['pid'] && message.includes('/r1/server.js'),
    );
    expect(rig.supervisor.status().workers[0]).toMatchObject({ restarts: 1 });
  });

  test('that repeats is refilled after a growing delay', async () => {
    const rig = await Rig.serving(`${GOOD} setTimeout(() => process.exit(7), 100)`, { workers: 1 });
    await rig.journal.first('worker.restarting', ({ delayMs }) => delayMs === 150);
    expect(rig.journal.all('worker.restarting').map(({ delayMs }) => delayMs)).toEqual([0, 100, 150]);
  });

  test('whose refill can not be started, or is not ready, is tried again; the others serve on', async () => {
    const rig = await Rig.create(GOOD);
    const node = join(rig.folder, 'node');
    await writeFile(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
    await rig.supervisor.start();
    await rig.supervisor.reload(rig.configWith({ node, readyTimeout: '3s' }));
    const [victim, other] = rig.pids(2);
    await rename(node, `${node}.away`);
    process.kill(victim!, 'SIGKILL');
    await rig.journal.first('worker.exited', ({ reason }) => /could not be started: .*ENOENT/.test(String(reason)));
    await writeFile(node, '#!/bin/sh\nsleep 1000\n', { mode: 0o755 });
    await rig.journal.first('worker.exited', ({ reason }) => /was not ready within 3s/.test(String(reason)));
    await rename(`${node}.away`, node);
    await rig.journal.first(
      'worker.ready',
      ({ slot, generation, pid }) => slot === 0 && generation === 2 && pid !== victim,
    );
    expect(rig.pids(2)[1]).toBe(other);
    expect(rig.dataPath.rotations.slice(-2)).toEqual([['2.1'], ['2.0', '2.1']]);
  });

  test('of the old code during a reload is refilled with the old code', async () => {
    const rig = await Rig.serving();
    await rig.deploy(`setTimeout(() => listening(8000), 600); setInterval(() => {}, 1000)`);
    const reload = rig.supervisor.reload();
    await rig.journal.first('worker.started', ({ generation }) => generation === 2);
    process.kill(rig.pids(1)[0]!, 'SIGKILL');
    await rig.journal.first('worker.restarting');
    await reload;
    expect(rig.dataPath.rotations).toEqual([['1.0', '1.1'], ['1.1'], ['1.0', '1.1'], ['2.0', '2.1']]);
  });

  test('of a retiring worker is the end of it', async () => {
    const rig = await Rig.serving(GOOD, { workers: 1 });
    const [old] = rig.pids(1);
    rig.dataPath.hold(1);
    await rig.supervisor.reload();
    process.kill(old!, 'SIGKILL');
    await rig.journal.first('generation.retired');
    expect(rig.journal.all('worker.restarting')).toEqual([]);
    expect(rig.supervisor.status().workers).toHaveLength(1);
  });

  test('takes along what the worker had started', async () => {
    const rig = await Rig.serving(
      `const { pid } = require('node:child_process').spawn('sleep', ['1000'], { stdio: 'inherit' });
       console.log(pid); ${GOOD}`,
      { workers: 1 },
    );
    const { message } = await rig.journal.first('worker.output');
    process.kill(rig.pids(1)[0]!, 'SIGKILL');
    await ended([Number(message)]);
  });
});

test('kill -9 of the front takes along a spinning worker and a grandchild', async () => {
  const rig = await Rig.create(`
    const grandchild = require('node:child_process').spawn('sleep', ['1000'], { stdio: 'inherit' });
    console.log('grandchild', grandchild.pid);
    ${GOOD}
    setTimeout(() => { console.log('spinning'); for (;;); }, 100);`);
  const front = spawn(process.execPath, [FRONT, `${rig.folder}/current/server.js`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void front.kill('SIGKILL'));
  const pids: number[] = [];
  let spinning = 0;
  for await (const text of createInterface({ input: front.stdout })) {
    const line = JSON.parse(text) as { event: string; pid: number; message: string };
    if (line.event === 'worker.started') pids.push(line.pid);
    if (line.message.startsWith('grandchild')) pids.push(Number(line.message.split(' ')[1]));
    if (line.message === 'spinning' && ++spinning === 2) break;
  }
  expect(pids).toHaveLength(4);
  expect(pids.filter(isAlive)).toEqual(pids);
  const exit = once(front, 'exit');
  front.kill('SIGKILL');
  await exit;
  await ended(pids);
});
