import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { bytesFromPs, groupMemory } from '../../../dist/supervisor/group-memory.js';

const MIB = 1_048_576;
const HOLDS = `const held = Buffer.alloc(64 * ${MIB}, 1); setInterval(() => held.length, 1000)`;

test('is that of a leader and its children together', async () => {
  const child = spawn('sh', ['-c', '"$0" -e "$1" & "$0" -e "$1"; true', process.execPath, HOLDS], {
    detached: true,
    stdio: 'ignore',
  });
  onTestFinished(() => void process.kill(-child.pid!, 'SIGKILL'));
  await expect.poll(() => groupMemory(child.pid!), { timeout: 10_000 }).toBeGreaterThan(128 * MIB);
  expect(await groupMemory(child.pid!)).toBeLessThan(1_024 * MIB);
});

test('is nothing when the group has ended', async () => {
  expect(await groupMemory(2 ** 22 + 1)).toBe(0);
});

test('is summed up from what ps says, too', () => {
  expect(bytesFromPs('    1  1200\n  512 2048\n  512  1024\n 5120     9\n', 512)).toBe(3 * MIB);
  expect(bytesFromPs('', 512)).toBe(0);
});
