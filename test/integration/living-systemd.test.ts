import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN } from '../kit/bin.ts';
import { temporaryFolder } from '../kit/folder.ts';
import { freePort } from '../kit/free-port.ts';
import { LivingSystemd, WITHOUT_LIVING, canLive } from '../kit/living-systemd.ts';
import { startLoad } from '../kit/load.ts';
import { FRESH, LIGHT } from '../kit/loads.ts';
import { RawClient } from '../kit/raw-client.ts';
import { fixture, Release } from '../kit/release.ts';
import { zdlb } from '../kit/verb.ts';

/** A systemd that knows the units that `zdlb init systemd` writes for a program, with more settings for the service. */
async function installed(args: readonly string[] = [], settings: readonly string[] = []) {
  const release = await Release.create(await fixture('load-server.cjs'));
  const systemd = await LivingSystemd.boot();
  const port = await freePort();
  const line = ['--port', String(port), '--workers', '2', ...args, release.script];
  const written = await zdlb(['init', 'systemd', '--output', systemd.units, ...line], { cwd: release.folder });
  expect(written).toMatchObject({ code: 0, stderr: '' });
  const folder = join(systemd.units, 'server.service.d');
  mkdirSync(folder);
  writeFileSync(join(folder, 'more.conf'), ['[Service]', ...settings, ''].join('\n'));
  await systemd.control('daemon-reload');
  return { systemd, release, port };
}

const start = async (systemd: LivingSystemd) => systemd.control('start', 'server.socket', 'server.service');

/** The same, where it serves. */
async function serving(...settings: readonly string[]) {
  const scene = await installed([], settings);
  expect(await start(scene.systemd)).toMatchObject(DONE);
  return scene;
}

/** How `systemctl` ends where all is well. */
const DONE = { code: 0, stderr: '' };

/** In the words of `systemctl`. */
const state = async (systemd: LivingSystemd) => systemd.show('server', 'ActiveState');
const text = async (systemd: LivingSystemd) => systemd.show('server', 'StatusText');
const mainPid = async (systemd: LivingSystemd) => systemd.show('server', 'MainPID');

async function get(port: number, path: string): Promise<string> {
  const client = await RawClient.connect(port);
  const exchange = await client.exchange({ method: 'GET', bytes: `GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n` });
  client.end();
  return 'response' in exchange ? exchange.response.body.toString() : exchange.failure;
}

describe.runIf(canLive)(`the printed units, under a living systemd${WITHOUT_LIVING}`, { timeout: 60_000 }, () => {
  test('start, and reload without a request lost; a reload that fails says so, and why', async () => {
    const { systemd, release, port } = await serving();
    expect(await text(systemd)).toBe('Serving with 2 workers');
    const pid = await mainPid(systemd);
    const loads = [startLoad(LIGHT, port), startLoad(FRESH, port)];
    await loads[0]!.tally.answeredBy('version', 1);

    await release.deploy(2);
    expect(await systemd.control('reload', 'server')).toMatchObject(DONE);
    await loads[0]!.tally.answeredBy('version', 2);

    await release.deploy(3, "throw new Error('the database is gone')");
    expect(await systemd.control('reload', 'server')).toMatchObject({ code: 1 });
    expect(await text(systemd)).toMatch(/^Serving on, the last reload failed: .*the database is gone$/);
    expect(await state(systemd)).toBe('active');
    expect(await mainPid(systemd)).toBe(pid);

    for (const load of loads) {
      const tally = await load.stop();
      expect([...tally.versions].toSorted()).toEqual(['1', '2']);
      expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    }
  });

  test('restart without a client refused or lost, and stop once what is under way has ended', async () => {
    const { systemd, release, port } = await serving();
    const load = startLoad(FRESH, port);
    await load.tally.answeredBy('version', 1);
    await release.deploy(2);
    expect(await systemd.control('restart', 'server')).toMatchObject(DONE);
    await load.tally.answeredBy('version', 2);
    const tally = await load.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });

    const answer = get(port, '/stream/last/10');
    await expect.poll(async () => get(port, '/now/1')).toBe('1');
    expect(await systemd.control('stop', 'server.socket', 'server.service')).toMatchObject(DONE);
    expect(await answer).toMatch(/^last\n1\n[^]*\n10\n$/);
    expect(await systemd.show('server', 'Result')).toBe('success');
    expect(await systemd.show('server', 'NRestarts')).toBe('0');
  });

  test('bring it back when it was killed: nobody is refused, and only what was under way is lost', async () => {
    const { systemd, port } = await serving();
    const load = startLoad(FRESH, port);
    await load.tally.served(50);
    await systemd.signal(await mainPid(systemd), 'KILL');
    await expect.poll(async () => systemd.show('server', 'NRestarts'), { timeout: 10_000 }).toBe('1');
    await load.tally.served(200);
    const { outcomes, failed, issued, examples } = await load.stop();
    const { ok = 0, refused = 0 } = outcomes;
    expect(refused, examples.join('\n')).toBe(0);
    expect(ok).toBe(issued - failed.length);
    expect(failed.length).toBeLessThanOrEqual(FRESH.lanes);
    expect(await state(systemd)).toBe('active');
  });

  test('with a watchdog, bring back one that hangs', async () => {
    const { systemd } = await serving('WatchdogSec=1s');
    await systemd.signal(await mainPid(systemd), 'STOP');
    await expect.poll(async () => systemd.show('server', 'NRestarts'), { timeout: 15_000 }).toBe('1');
    await expect.poll(async () => state(systemd), { timeout: 15_000 }).toBe('active');
  });

  test('let the other verbs find it, and the workers be another user', async () => {
    const { systemd, release } = await installed(['--user', 'nobody']);
    chmodSync(release.folder, 0o755);
    expect(await start(systemd)).toMatchObject(DONE);
    const { stdout } = await systemd.run('env', 'ZDLB_HOME=/run/zdlb', process.execPath, ...BIN, 'status', '--json');
    const { workers } = JSON.parse(stdout) as { workers: { pid: number; state: string }[] };
    expect(workers.map((worker) => worker.state)).toEqual(['ready', 'ready']);
    const users = await systemd.run('ps', '-o', 'user=', ...workers.flatMap(({ pid }) => ['-p', String(pid)]));
    expect(users.stdout).toBe('nobody\nnobody\n');
  });

  test('do not start again and again what has a mistake in its configuration', async () => {
    const config = join(temporaryFolder(), 'zdlb.json');
    writeFileSync(config, '{ "balance": "round-robin" }');
    const { systemd } = await installed(['--config', config]);
    writeFileSync(config, '{ "balance": "fair" }');
    expect((await start(systemd)).code).not.toBe(0);
    expect(await systemd.show('server', 'ExecMainStatus')).toBe('2');
    expect(await state(systemd)).toBe('failed');
    expect(await systemd.show('server', 'NRestarts')).toBe('0');
  });
});
