import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { type Server, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PublicAddress } from '../../src/core/public-address.js';
import { Listener, type Neighbourhood } from '../../src/proxy/listener.js';
import { MAX_PATH_BYTES } from '../../src/proxy/socket-file.js';
import { temporaryFolder } from '../kit/folder.ts';
import { freePort } from '../kit/free-port.ts';
import { staleSocket } from '../kit/stale-socket.ts';
import { dial } from '../kit/wire.ts';

const relay = { connections: 0, accept() {}, finish() {}, close() {} };
/** Hangs up on everybody. */
const gate = { admit: ({ socket }: { socket: { destroy(): void } }) => socket.destroy(), dismiss() {} };

function makeListener(neighbourhood?: Neighbourhood): Listener {
  const listener = new Listener(relay, gate, neighbourhood);
  onTestFinished(() => listener.close());
  return listener;
}

/** A server of somebody else. */
async function stranger(at: { port: number; host: string } | { path: string }): Promise<Server> {
  const server = createServer((socket) => socket.destroy()).listen(at);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

const socketIn = (folder: string) => ({ path: join(folder, 'app.sock') });

test('an address that was taken can be opened when it is free again', async () => {
  const address = { port: await freePort(), host: '127.0.0.1' };
  const other = await stranger(address);
  const listener = makeListener();
  await expect(listener.open(address)).rejects.toThrow(`Cannot listen on 127.0.0.1:${address.port}: the port is taken`);
  expect(listener.isOpen).toBe(false);
  other.close();
  await once(other, 'close');
  expect(await listener.open(address)).toBe(true);
  expect(await listener.open({ ...address })).toBe(false);
  expect(listener.addresses).toEqual([address]);
  await listener.finish();
  expect(listener.addresses).toEqual([]);
});

test('an address that this machine does not have is told as such', async () => {
  const opening = makeListener().open({ port: await freePort(), host: '192.0.2.1' });
  await expect(opening).rejects.toThrow('this machine does not have that address');
});

test('an address that another one of this front covers is told as such', async () => {
  const port = await freePort();
  const open = new Set<PublicAddress>();
  await makeListener({ open }).open({ port });
  await expect(makeListener({ open }).open({ port, host: '127.0.0.1' })).rejects.toThrow(
    `Cannot listen on 127.0.0.1:${port}: :${port} is open already`,
  );
});

test('an address beside another one of this front is taken by somebody else', async () => {
  const port = await freePort();
  const [own, other] = [
    { port, host: '127.0.0.2' },
    { port, host: '127.0.0.1' },
  ];
  await stranger(other);
  const listener = makeListener();
  await listener.open(own);
  await expect(listener.open(other)).rejects.toThrow('the port is taken by another program');
});

test('IPv4 and IPv6 for itself are two addresses', async () => {
  const port = await freePort();
  const listener = makeListener();
  await listener.open({ port, host: '::', ipv6Only: true });
  expect(await listener.open({ port, host: '0.0.0.0' })).toBe(true);
});

describe('a Unix socket', () => {
  test.each(['660', '600', '666'])('has the wanted permissions (%s), whatever the umask', async (digits) => {
    const address = socketIn(temporaryFolder());
    const socketMode = Number.parseInt(digits, 8);
    const umask = process.umask(0o077);
    onTestFinished(() => void process.umask(umask));
    await makeListener({ socketMode }).open(address);
    expect((statSync(address.path).mode & 0o777).toString(8)).toBe(digits);
    expect(process.umask()).toBe(0o077);
    expect(readdirSync(dirname(address.path))).toEqual(['app.sock']);
  });

  test('goes when its listener closes, at once or in order', async () => {
    const address = socketIn(temporaryFolder());
    const [first, second] = [makeListener(), makeListener()];
    await first.open(address);
    await first.finish();
    expect(existsSync(address.path)).toBe(false);
    await second.open(address);
    second.close();
    expect(existsSync(address.path)).toBe(false);
  });

  test('is left alone when another one stands in its place', async () => {
    const address = socketIn(temporaryFolder());
    const listener = makeListener();
    await listener.open(address);
    unlinkSync(address.path);
    await stranger(address);
    await listener.finish();
    listener.close();
    expect((await dial(address.path)).socket.destroyed).toBe(false);
  });

  test('replaces one that nobody listens on any more', async () => {
    const address = socketIn(temporaryFolder());
    staleSocket(address.path);
    await makeListener().open(address);
    await dial(address.path);
  });

  test('on which somebody listens is taken, and left alone', async () => {
    const address = socketIn(temporaryFolder());
    await stranger(address);
    await expect(makeListener().open(address)).rejects.toThrow(
      `Cannot listen on unix:${address.path}: the socket is taken by another program`,
    );
    await dial(address.path);
  });

  test('goes to one of those who want it at the same time', async () => {
    const address = socketIn(temporaryFolder());
    staleSocket(address.path);
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(async () => makeListener().open(address)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await dial(address.path);
    expect(readdirSync(dirname(address.path))).toEqual(['app.sock']);
  });

  test('never takes the place of anything else', async () => {
    const folder = temporaryFolder();
    const [file, link, socket] = [join(folder, 'file'), join(folder, 'link'), join(folder, 'socket')];
    writeFileSync(file, 'precious');
    staleSocket(socket);
    symlinkSync(socket, link);
    for (const path of [file, link, folder]) {
      await expect(makeListener().open({ path })).rejects.toThrow('what is there is no socket');
    }
    expect(readFileSync(file, 'utf8')).toBe('precious');
    expect(readdirSync(folder).toSorted()).toEqual(['file', 'link', 'socket']);
  });

  test('whose path is too long, or whose folder is missing, is told as such', async () => {
    const folder = temporaryFolder();
    const path = `${folder}/${'x'.repeat(MAX_PATH_BYTES - folder.length - 1)}`;
    await makeListener().open({ path });
    await dial(path);
    await expect(makeListener().open({ path: `${path}x` })).rejects.toThrow(
      `its path has ${MAX_PATH_BYTES + 1} bytes, and the system takes`,
    );
    await expect(makeListener().open({ path: `${folder}/no/app.sock` })).rejects.toThrow(
      `there is no folder ${folder}/no.`,
    );
    await expect(makeListener().open({ path: `${path}/app` })).rejects.toThrow('its path has');
  });

  test.runIf(process.getuid?.() !== 0)(
    'in a folder of somebody else is told as such (left out for root, whom no folder keeps out)',
    async () => {
      const folder = temporaryFolder();
      chmodSync(folder, 0o500);
      await expect(makeListener().open(socketIn(folder))).rejects.toThrow('permission denied');
    },
  );
});
