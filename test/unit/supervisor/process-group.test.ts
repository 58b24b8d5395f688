import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { endGroup, isRunning, signalGroup } from '../../../src/supervisor/process-group.js';

/** Ends only by SIGKILL. */
const DEAF = `trap '' TERM; echo deaf; while :; do sleep 1; done`;

test('a group that outlives its leader is given its time, and killed', async () => {
  const leader = spawn('sh', ['-c', DEAF], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void signalGroup(leader.pid!, 'SIGKILL'));
  await once(leader.stdout, 'data');
  const exited = once(leader, 'exit');
  const began = performance.now();
  await endGroup(leader.pid!, 300);
  expect(performance.now() - began).toBeGreaterThanOrEqual(299);
  expect(await exited).toEqual([null, 'SIGKILL']);
});

test.runIf(process.platform === 'linux')('a process that nobody has reaped does not run any more', async () => {
  // It begins a child, and then is another program, which knows nothing of children. The child ends behind that.
  const parent = spawn('sh', ['-c', 'exec 3<&0; read _ <&3 & echo $!; exec sleep 60'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [told] = (await once(parent.stdout, 'data')) as [Buffer];
  const zombie = Number(told);
  expect(isRunning(zombie)).toBe(true);
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
  parent.stdin.end();
  await expect.poll(() => isRunning(zombie)).toBe(false);
  expect(process.kill(zombie, 0)).toBe(true);
  expect(isRunning(parent.pid!)).toBe(true);
});
