import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { BIN } from '../kit/bin.ts';
import { freePort } from '../kit/free-port.ts';
import { Front, newHome } from '../kit/front.ts';

const SERVER = fileURLToPath(new URL('../fixtures/load-server.cjs', import.meta.url));

/** As a container has: processes of its own, of which the command is the first. */
const UNSHARE = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const canUnshare = spawnSync('unshare', [...UNSHARE, 'true']).status === 0;
const WITHOUT = canUnshare ? '' : ' (left out: this user may not make process namespaces)';

/** A front that is process 1 of its namespace; signals are for it, from outside. */
class FirstProcess extends Front {
  override signal(signal: NodeJS.Signals): void {
    void this.#pidOutside().then((pid) => process.kill(pid, signal));
  }

  async #pidOutside(): Promise<number> {
    return Number(await readFile(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8'));
  }
}

async function startFirst(): Promise<FirstProcess> {
  const home = newHome();
  const what = ['--port', String(await freePort()), '--workers', '1', '--log-format', 'json', SERVER];
  const child = spawn('unshare', [...UNSHARE, process.execPath, ...BIN, ...what], {
    env: { ...process.env, ZDLB_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const front = new FirstProcess(child, home);
  onTestFinished(async () => {
    child.kill('SIGKILL'); // which takes the namespace along
    await front.exited;
  });
  await front.event('serving');
  return front;
}

test.runIf(canUnshare)(`process 1 of a container says what it does not do, reloads and stops${WITHOUT}`, async () => {
  const front = await startFirst();
  expect(front.entries.filter(({ event }) => event === 'process.first')).toHaveLength(1);
  expect(front.entries.find(({ event }) => event === 'serving')).toMatchObject({ pid: 1 });
  expect(await front.reload()).toMatchObject({ event: 'reload.done' });
  expect(await front.stop()).toEqual({ code: 0, signal: null });
});

test.runIf(canUnshare)(`process 1 is ended by Ctrl-C, too${WITHOUT}`, async () => {
  const front = await startFirst();
  front.signal('SIGINT');
  expect(await front.exited).toEqual({ code: 0, signal: null });
});
