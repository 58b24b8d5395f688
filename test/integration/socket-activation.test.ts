import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { asked } from '../kit/control.ts';
import { temporaryFolder } from '../kit/folder.ts';
import { freePort } from '../kit/free-port.ts';
import { RunningLoad } from '../kit/load.ts';
import { FRESH } from '../kit/loads.ts';
import { WITHOUT_PYTHON, hasPython } from '../kit/python.ts';
import { RawClient } from '../kit/raw-client.ts';
import { type Service, ServiceManager } from '../kit/service-manager.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const SERVER = fixture('load-server.cjs');
const HARD_CODED = fixture('programs/hard-coded-port.cjs');
const IPV4 = '127.0.0.1';

/** How often the service is stopped and started again under load. */
const ROUNDS = 2;

async function get(place: number | string, path = '/now/1'): Promise<string> {
  const client = await RawClient.connect(place);
  const exchange = await client.exchange({ method: 'GET', bytes: `GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n` });
  client.end();
  return 'response' in exchange ? exchange.response.body.toString() : exchange.failure;
}

async function running(service: Service): Promise<ServiceManager> {
  const manager = await ServiceManager.of(service);
  await manager.startService();
  return manager;
}

const listening = (manager: ServiceManager) =>
  manager.entries
    .filter(({ event }) => event === 'listening')
    .map(({ port, host, path, isPassed }) => ({ port, host, path, isPassed }));

/** The sockets that a process has open, by their inodes. */
function socketsOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  const links = readdirSync(folder).map((descriptor) => {
    try {
      return readlinkSync(join(folder, descriptor));
    } catch {
      return ''; // closed meanwhile
    }
  });
  return links.filter((link) => link.startsWith('socket:'));
}

describe.runIf(hasPython)(`sockets that a service manager has opened${WITHOUT_PYTHON}`, () => {
  test('nobody is refused and nobody lost between a stop and the next start', { timeout: 60_000 }, async () => {
    const port = await freePort();
    const manager = await ServiceManager.of({
      args: ['--workers', '1', '--port', String(port), SERVER],
      sockets: [{ host: '::', port }],
    });
    const load = new RunningLoad(FRESH, port, 'activation');
    let pid = await manager.startService(); // under load already: the first clients have come before it
    for (let round = 1; round <= ROUNDS; round++) {
      await load.tally.served(round * 30);
      expect(await manager.stopService(pid)).toMatchObject({ code: 0 });
      await pause(200); // nothing runs, and clients come
      pid = await manager.startService();
    }
    await load.tally.served((ROUNDS + 1) * 30);
    const tally = await load.stop();
    expect(tally.outcomes, String(tally)).toEqual({ ok: tally.issued });
  });

  test('without --port the first port is open there, whatever number the program asks for', async () => {
    const port = await freePort();
    const manager = await running({
      args: ['--workers', '1', HARD_CODED],
      sockets: [{ host: IPV4, port }],
    });
    expect(listening(manager)).toEqual([
      { port: expect.any(Number) as number, host: IPV4, path: undefined, isPassed: true },
    ]);
    expect(await get(port, '/')).not.toBe('');
  });

  test('a command needs no --port: its port is that of the socket', async () => {
    const port = await freePort();
    const manager = await running({
      args: ['--workers', '1', '--', process.execPath, SERVER],
      sockets: [{ host: IPV4, port }],
    });
    expect(listening(manager)).toMatchObject([{ port, host: IPV4, isPassed: true }]);
  });

  test('a Unix socket is served, and its file outlives zdlb', async () => {
    const path = join(temporaryFolder(), 'app.sock');
    const manager = await ServiceManager.of({ args: ['--workers', '1', HARD_CODED], sockets: [{ path }] });
    const early = get(path); // waits for the start
    const pid = await manager.startService();
    expect(await early).toContain('"port":3000');
    await manager.stopService(pid);
    expect(existsSync(path)).toBe(true);
    const late = get(path);
    await manager.startService();
    expect(await late).toContain('"port":3000');
  });

  test('each socket goes to the port of its number, or of its name; a host that is not asked for is the manager’s affair', async () => {
    const [first, second, other] = [await freePort(), await freePort(), await freePort()];
    const manager = await running({
      args: ['--workers', '1', '--port', String(first), fixture('programs/two-servers.cjs')],
      env: { ADMIN_PORT: String(second) },
      sockets: [
        { host: IPV4, port: first },
        { host: IPV4, port: other },
      ],
      names: ['app.socket', String(second)],
    });
    await manager.event('listening', (entry) => entry['port'] === other);
    expect(JSON.parse(await get(other, '/'))).toMatchObject({ port: second });
  });

  test('an IPv6 socket may stand beside an IPv4 one, and none is said to take what it may not', async () => {
    const port = await freePort();
    const manager = await running({
      args: ['--workers', '1', '--port', String(port), SERVER],
      sockets: [
        { host: '::', port, ipv6Only: true },
        { host: '0.0.0.0', port },
      ],
    });
    expect(listening(manager).map(({ host }) => host)).toEqual(['::', '0.0.0.0']);
    expect(await asked(manager.home, 'GET /status', undefined, 'load-server')).toMatchObject({
      listeners: [{ port, addresses: [`[::]:${port}`, `0.0.0.0:${port}`] }],
    });
    expect(await get(port)).toBe('1');
  });

  test('a socket that the program has no port for is named in the log', async () => {
    const [port, idle] = [await freePort(), await freePort()];
    const manager = await running({
      args: ['--workers', '1', '--port', String(port), SERVER],
      sockets: [
        { host: IPV4, port },
        { host: IPV4, port: idle },
      ],
    });
    expect(await manager.event('socket.unserved')).toMatchObject({ port: idle });
    expect(manager.entries.filter(({ event }) => event === 'socket.unserved')).toHaveLength(1);
  });

  test('workers get neither the sockets nor the variables', async () => {
    const port = await freePort();
    const script = fixture('environment.cjs');
    const manager = await ServiceManager.of({
      args: ['--workers', '1', script],
      sockets: [{ host: IPV4, port }],
      names: ['web'],
      isHeard: true,
    });
    const pid = await manager.startService();
    const inode = socketsOf(pid).find((link) =>
      readFileSync('/proc/net/tcp', 'utf8').includes(` ${link.slice(8, -1)} `),
    );
    const worker = manager.workers(1).get(0)!;
    expect(inode).toBeDefined();
    expect(socketsOf(worker)).not.toContain(inode);
    const names = Object.keys(JSON.parse(await get(port, '/')) as object);
    expect(names.filter((name) => /^(?:LISTEN_|NOTIFY_|WATCHDOG_)/.test(name))).toEqual([]);
  });

  test('sockets that were passed to another process are left alone, and the log says so', async () => {
    const [port, others] = [await freePort(), await freePort()];
    const manager = await running({
      args: ['--workers', '1', '--port', String(port), SERVER],
      sockets: [{ host: IPV4, port: others }],
      owner: '1',
    });
    expect(listening(manager)).toEqual([{ port, host: undefined, path: undefined, isPassed: undefined }]);
    expect(manager.entries.find(({ event }) => event === 'socket.foreign')).toMatchObject({ heir: '1' });
  });
});
