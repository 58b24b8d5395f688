import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { startFront } from '../kit/front.ts';
import { WITHOUT_PYTHON, hasPython } from '../kit/python.ts';
import { Release, fixture } from '../kit/release.ts';
import { ServiceManager } from '../kit/service-manager.ts';
import { pathWithNotify } from '../kit/systemd.ts';

const SERVER = fileURLToPath(new URL('../fixtures/load-server.cjs', import.meta.url));

interface Wanted {
  readonly script?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

async function started({ script = SERVER, args = [], env = {} }: Wanted = {}): Promise<[ServiceManager, number]> {
  const manager = await ServiceManager.of({
    args: ['--workers', '1', '--port', String(await freePort()), ...args, script],
    isHeard: true,
    env: { PATH: pathWithNotify(), ...env },
  });
  return [manager, await manager.startService()];
}

/** The first assignments of all that was said. */
const firsts = (manager: ServiceManager) => manager.notices.map((notice) => notice.split('\n')[0]);

describe.runIf(hasPython)(`a service manager is told${WITHOUT_PYTHON}`, () => {
  test('when zdlb serves, who it is, reloads, and when it stops, in this order', async () => {
    const [manager, pid] = await started();
    const ready = await manager.notice('READY=1');
    expect(ready.split('\n')).toEqual(['READY=1', `MAINPID=${pid}`, 'STATUS=Serving with 1 worker']);
    const before = process.hrtime.bigint() / 1_000n;
    process.kill(pid, 'SIGUSR2');
    await manager.notice('Generation 2 serves');
    const reloading = await manager.notice('RELOADING=1');
    const since = BigInt(/^MONOTONIC_USEC=(\d+)$/m.exec(reloading)![1]!);
    expect(since).toBeGreaterThan(before);
    expect(since).toBeLessThan(process.hrtime.bigint() / 1_000n);
    await manager.stopService(pid);
    await manager.notice('STOPPING=1');
    expect(firsts(manager)).toEqual(['READY=1', 'RELOADING=1', 'READY=1', 'STOPPING=1']);
  });

  test('that a reload has failed, and that the former code serves on', async () => {
    const release = await Release.create(await fixture('load-server.cjs'));
    const [manager, pid] = await started({ script: release.script });
    await release.deployFixture('failing/throws-at-import.cjs');
    process.kill(pid, 'SIGUSR2');
    const failed = await manager.notice('the last reload failed');
    expect(failed).toMatch(/^READY=1\nSTATUS=Serving on, the last reload failed: .+$/);
  });

  test('of the stop at the beginning of the stop delay', async () => {
    const [manager, pid] = await started({ args: ['--stop-delay', '10m'] });
    process.kill(pid, 'SIGTERM');
    await manager.notice('STOPPING=1');
    expect(manager.entries.map(({ event }) => event)).not.toContain('exited');
    process.kill(pid, 'SIGTERM');
    await manager.event('exited');
    expect(firsts(manager)).toEqual(['READY=1', 'STOPPING=1']);
  });

  test('that zdlb is alive, as often as it wants to know', async () => {
    const [manager] = await started({ env: { WATCHDOG_USEC: '400000' } });
    await manager.notice('WATCHDOG=1');
    const second = manager.mark();
    expect(await manager.notice('WATCHDOG=1', second)).toBe('WATCHDOG=1');
  });
});

test('without the command the log says once that the service manager is not told', async () => {
  const env = { PATH: '/nonexistent', NOTIFY_SOCKET: '/nonexistent/notify' };
  const front = await startFront({ script: SERVER, args: ['--workers', '1', '--node', process.execPath], env });
  expect(await front.event('notify.failed')).toMatchObject({ reason: 'there is no such command in PATH' });
  await front.reload();
  await front.stop();
  expect(front.entries.filter(({ event }) => event === 'notify.failed')).toHaveLength(1);
});
