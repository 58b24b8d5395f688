import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../kit/free-port.js';
import { spawnFront, startFront } from '../kit/front.js';

const SLOT = 'test/fixtures/programs/slot.cjs';

/** What a client at `address` gets, on a connection of its own. Linux has all of 127.0.0.0/8 on the loopback interface. */
async function ask(port: number, address: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: address }).setEncoding('latin1');
  socket.end('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
  let answer = '';
  socket.on('data', (text: string) => (answer += text));
  await once(socket, 'close');
  return answer.split('\r\n\r\n')[1]!.split(' ')[0]!;
}

const CLIENTS = Array.from({ length: 40 }, (_, i) => `127.0.${i}.1`);

test.each([
  ['http', 'proxy'],
  ['tcp', 'cluster'],
])('source-hash in %s mode (%s) moves nobody but the clients of a worker that is killed', async (mode, backend) => {
  const args = ['--workers', '3', '--balance', 'source-hash', '--backend', backend];
  const modeArgs = backend === 'cluster' ? [] : ['--mode', mode];
  const front = await startFront({ script: SLOT, args: [...args, ...modeArgs] });
  const homes = async () => Promise.all(CLIENTS.map((address) => ask(front.port, address)));
  const before = await homes();
  expect(new Set(before).size).toBe(3);
  expect(await homes()).toEqual(before);
  const since = front.mark();
  process.kill(front.readyWorkers.get(1)!, 'SIGKILL');
  await front.event('worker.exited', undefined, since);
  const meanwhile = await homes();
  for (const [i, home] of before.entries()) if (home !== '1') expect(meanwhile[i]).toBe(home);
  await front.event('worker.ready', undefined, since);
  await expect.poll(homes).toEqual(before);
  await front.reload();
  expect(await homes()).toEqual(before);
});

test('each policy gives each worker its share, and SIGHUP changes it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'zdlb-balancing-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'zdlb.json');
  const settings = {
    script: fileURLToPath(new URL(`../../${SLOT}`, import.meta.url)),
    port: await freePort(),
    workers: 3,
  };
  const balanceBy = async (balance: string) => writeFile(path, JSON.stringify({ ...settings, balance }));
  await balanceBy('round-robin');
  const front = spawnFront({ args: ['--config', path] });
  await front.event('serving');
  for (const policy of ['round-robin', 'least-connections', 'random-two', 'source-hash']) {
    const since = front.mark();
    await balanceBy(policy);
    front.signal('SIGHUP');
    await front.event('reload.done', undefined, since);
    const counts = [0, 0, 0];
    for (let batch = 0; batch < 5; batch++) {
      const answers = await Promise.all(CLIENTS.map((_, i) => ask(front.port, `127.${batch}.${i + 1}.9`)));
      for (const slot of answers) counts[Number(slot)]!++;
    }
    const tolerance = policy === 'round-robin' ? 1 : 35;
    for (const count of counts) expect(Math.abs(count - 200 / 3)).toBeLessThan(tolerance);
    const mine = await Promise.all(CLIENTS.slice(0, 6).map(() => ask(front.port, '127.0.0.9')));
    expect(new Set(mine).size === 1).toBe(policy === 'source-hash');
  }
});
