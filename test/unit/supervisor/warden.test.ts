import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { Warden } from '../../../src/supervisor/warden.js';
import { RecordedJournal } from '../../fixtures/supervisor/journal.ts';

/** A group that only SIGKILL ends. */
async function stubborn(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn('/bin/sh', ['-c', "trap '' TERM; echo up; while :; do sleep 1; done"], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(
    () => void (child.exitCode === null && child.signalCode === null && process.kill(-child.pid!, 'SIGKILL')),
  );
  await once(child.stdout, 'data');
  return child as ChildProcess & { readonly pid: number };
}

async function ignores(pid: number, signal: number): Promise<boolean> {
  const mask = /^SigIgn:\s*(\w+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${mask}`) & (1n << BigInt(signal - 1))) !== 0n;
}

function newWarden(): { warden: Warden; journal: RecordedJournal } {
  const journal = new RecordedJournal();
  const warden = new Warden(journal);
  onTestFinished(() => warden.close());
  return { warden, journal };
}

test('a closed warden kills the groups that are left, and no others', async () => {
  const { warden } = newWarden();
  const [left, released, alsoLeft] = await Promise.all([stubborn(), stubborn(), stubborn()]);
  const killed = [left, alsoLeft].map((child) => once(child, 'exit'));
  for (const { pid } of [left, released, alsoLeft]) warden.add(pid);
  warden.remove(released.pid);
  await warden.close();
  expect(await Promise.all(killed)).toEqual([
    [null, 'SIGKILL'],
    [null, 'SIGKILL'],
  ]);
  expect(released.signalCode).toBeNull();
});

test('a list of processes shows in a short line what it is', async () => {
  const { warden } = newWarden();
  warden.add((await stubborn()).pid);
  const list = () => spawnSync('ps', ['-o', 'args=', '-p', String(warden.pid)], { encoding: 'utf8' }).stdout;
  await expect.poll(list).toBe('/bin/sh -c eval "$SCRIPT" zdlb-warden\n');
});

test.runIf(process.platform === 'linux')('the warden is deaf to what stops everything else', async () => {
  const { warden, journal } = newWarden();
  const child = await stubborn();
  warden.add(child.pid);
  const { pid } = warden;
  await expect.poll(() => ignores(pid!, constants.signals.SIGTERM)).toBe(true); // until its traps are set
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.kill(pid!, signal);
  const exit = once(child, 'exit');
  await warden.close();
  expect(await exit).toEqual([null, 'SIGKILL']);
  expect(journal.all('warden.lost')).toEqual([]);
});

test('a warden that was killed is started anew and knows all groups', async () => {
  const { warden, journal } = newWarden();
  const child = await stubborn();
  warden.add(child.pid);
  const first = warden.pid!;
  process.kill(first, 'SIGKILL');
  await journal.first('warden.lost');
  await expect.poll(() => warden.pid, { timeout: 3_000 }).toBeGreaterThan(0);
  expect(warden.pid).not.toBe(first);
  const exit = once(child, 'exit');
  await warden.close();
  expect(await exit).toEqual([null, 'SIGKILL']);
});

test('a warden without groups never starts a process', async () => {
  const { warden } = newWarden();
  expect(warden.pid).toBeUndefined();
  await warden.close();
});
