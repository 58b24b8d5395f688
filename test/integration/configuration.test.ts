import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { ask } from '../kit/admin.ts';
import { temporaryFolder } from '../kit/folder.ts';
import { freePort } from '../kit/free-port.ts';
import { type Front, spawnFront, startFront } from '../kit/front.ts';
import { RawClient } from '../kit/raw-client.ts';
import { tokenFile } from '../kit/token-file.ts';
import { machine } from '../kit/verb-scene.ts';

/** A front that runs by a file, and the file. */
async function startByFile(more: object = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'zdlb-configuration-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'zdlb.json');
  const script = fileURLToPath(new URL('../fixtures/load-server.cjs', import.meta.url));
  const settings = { script, port: await freePort(), workers: 1, drainTimeout: '5s', ...more };
  const write = async (changed: object) => writeFile(path, JSON.stringify({ ...settings, ...changed }));
  await write({});
  const front = spawnFront({ args: ['--config', path] });
  await front.event('serving');
  return { front, write, settings };
}

/** How the reload went that a SIGHUP asked for. */
async function hangUp(front: Front) {
  const since = front.mark();
  front.signal('SIGHUP');
  return front.event(['reload.done', 'reload.failed'], undefined, since);
}

test('SIGHUP reads the configuration anew and reloads', async () => {
  const { front, write } = await startByFile();
  await write({ workers: 3 });
  expect(await hangUp(front)).toMatchObject({ event: 'reload.done', generation: 2 });
  expect(new Set(front.workers(2).keys())).toEqual(new Set([0, 1, 2]));
});

test('what SIGHUP changes holds for clients too, without a new connection', async () => {
  const { front, write } = await startByFile();
  const client = await RawClient.connect(front.port);
  const target = `/now/1?${'a'.repeat(100)}`;
  const asked = async () => client.exchange({ method: 'GET', bytes: `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n` });
  expect(await asked()).toMatchObject({ response: { status: 200 } });
  await write({ maxTargetSize: 64 });
  expect(await hangUp(front)).toMatchObject({ event: 'reload.done' });
  expect(await asked()).toMatchObject({ response: { status: 414 } });
});

test('the environment file is looked for in the working folder, and read anew at each reload', async () => {
  const folder = temporaryFolder();
  const script = join(folder, 'server.cjs');
  const envFile = join(folder, '.env');
  const tells = '(_, response) => response.end(JSON.stringify([process.env.KEPT, process.env.LEFT]))';
  await writeFile(script, `require('node:http').createServer(${tells}).listen(process.env.PORT);`);
  await writeFile(envFile, 'KEPT=1\nLEFT=1\n');
  const front = await startFront({ script, args: ['--cwd', folder, '--env-file', '.env'] });
  const told = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${front.port}/`)).json();
  expect(await told()).toEqual(['1', '1']);
  await writeFile(envFile, 'KEPT=2\n');
  await front.reload();
  expect(await told()).toEqual(['2', null]);
});

test("variables of the file are the next generation's when SIGHUP reads it anew", async () => {
  const folder = temporaryFolder();
  const script = join(folder, 'server.cjs');
  const config = join(folder, 'zdlb.json');
  await writeFile(
    script,
    "require('node:http').createServer((_, response) => response.end(process.env.COLOR)).listen();",
  );
  await writeFile(config, '{ "env": { "COLOR": "green" } }');
  const front = await startFront({ script, args: ['--config', config] });
  const told = async (): Promise<string> => (await fetch(`http://127.0.0.1:${front.port}/`)).text();
  expect(await told()).toBe('green');
  await writeFile(config, '{ "env": { "COLOR": "red" } }');
  await front.reload();
  expect(await told()).toBe('green'); // a reload is for new code
  expect(await hangUp(front)).toMatchObject({ event: 'reload.done' });
  expect(await told()).toBe('red');
});

test('SIGHUP fails, and names it, for what cannot change or is wrong', async () => {
  const { front, write, settings } = await startByFile();
  await write({ port: settings.port + 1, mode: 'tcp' });
  expect(await hangUp(front)).toMatchObject({
    event: 'reload.failed',
    reason: expect.stringMatching(/^port, mode /) as string,
  });
  await write({ workers: 0, drainTimeout: 5 });
  expect(await hangUp(front)).toMatchObject({ reason: expect.stringMatching(/workers.*\n.*drainTimeout/) as string });
  expect(await machine(front, 'status')).toMatchObject({
    reloads: { done: 0, failed: 2, lastError: expect.stringMatching(/drainTimeout/) as string },
  });
  await write({});
  expect(await hangUp(front)).toMatchObject({ event: 'reload.done' });
});

test('SIGHUP opens no other admin port and takes no other token: it says so, and the former hold', async () => {
  const [port, other] = [await freePort(), await freePort()];
  const [former, latter] = ['the-former-token-of-admin', 'the-latter-token-of-admin'];
  const settings = { admin: `127.0.0.1:${port}`, adminTokenFile: tokenFile(former) };
  const { front, write } = await startByFile(settings);
  const statusBy = async (token: string) =>
    (await ask(port, '/status', { headers: { Authorization: `Bearer ${token}` } })).status;
  const changes = [
    ['admin', { ...settings, admin: `127.0.0.1:${other}` }],
    ['adminTokenFile', { ...settings, adminTokenFile: tokenFile(latter) }],
    ['admin, adminTokenFile', { admin: null, adminTokenFile: null }],
  ] as const;
  for (const [named, changed] of changes) {
    await write({ ...changed, workers: 2 });
    const reason = `${named} can't change while zdlb runs. Stop it and start it again`;
    expect(await hangUp(front)).toMatchObject({ event: 'reload.failed', level: 50, reason });
    expect([await statusBy(former), await statusBy(latter)]).toEqual([200, 401]);
    await expect(ask(other, '/status')).rejects.toThrow('ECONNREFUSED');
  }
  expect(front.workers(1).size).toBe(1); // nothing of what came along is in force either
  await write({ ...settings, workers: 2 });
  expect(await hangUp(front)).toMatchObject({ event: 'reload.done', generation: 2 });
  expect(await statusBy(former)).toBe(200);
});
