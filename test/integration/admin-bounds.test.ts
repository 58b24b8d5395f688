import { expect, onTestFinished, test } from 'vitest';
import { ask } from '../kit/admin.ts';
import { descriptorsOf } from '../kit/descriptors.ts';
import { freePort } from '../kit/free-port.ts';
import { startFront } from '../kit/front.ts';
import { fixture, Release } from '../kit/release.ts';
import { dial } from '../kit/wire.js';

const MOST = 256;
const HEAD_BYTES = 16 * 1024;
const TAKING_MS = 9_500;
/** 10 s, and up to 5 s more until the next look at the clock. */
const HEAD_MS = { least: 9_500, most: 20_000 };

/** A request whose head has so many bytes. */
function sized(size: number): string {
  const [begin, end] = ['GET /healthz HTTP/1.1\r\nHost: localhost\r\nA: ', '\r\n\r\n'];
  return begin + 'x'.repeat(size - begin.length - end.length) + end;
}

/** A front with one worker and a status page. */
async function serve() {
  const release = await Release.create(await fixture('load-server.cjs'));
  const admin = await freePort();
  const front = await startFront({ script: release.script, args: ['--workers', '1', '--admin', `127.0.0.1:${admin}`] });
  return { admin, front };
}

test('the admin port has room for 256 connections; further ones are closed, and clients of the program notice nothing', async () => {
  const { admin, front } = await serve();
  const idle = await Promise.all(Array.from({ length: MOST }, async () => dial(admin)));
  const further = await dial(admin);
  expect(await further.ends()).toBe('');
  expect(idle.filter(({ end }) => end !== undefined)).toEqual([]);
  expect(await (await fetch(`http://127.0.0.1:${front.port}/now/x`)).text()).toBe('x');
  idle[0]!.socket.destroy();
  await expect.poll(async () => ask(admin, '/healthz').catch(() => undefined)).toMatchObject({ status: 200 });
  idle[1]!.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(await idle[1]!.gets('ok\n')).toMatch(/^HTTP\/1.1 200 /);
  expect(await front.stop()).toEqual({ code: 0, signal: null }); // whoever looks on
});

test('a head may have 16 KiB, and no more, whether it ends or not', async () => {
  const { admin } = await serve();
  const fitting = await dial(admin);
  fitting.send(sized(HEAD_BYTES - 100));
  expect(await fitting.gets('ok\n')).toMatch(/^HTTP\/1.1 200 /);
  for (const head of [sized(HEAD_BYTES + 100), sized(2 * HEAD_BYTES).trimEnd()]) {
    const client = await dial(admin);
    client.send(head);
    expect(await client.ends()).toMatch(/^HTTP\/1.1 431 /);
  }
});

test('an answer of which nobody takes anything for 10 s is cut off', { timeout: 40_000 }, async () => {
  const { admin, front } = await serve();
  const sockets = () => descriptorsOf(front.pid)['TCP connected'] ?? 0;
  const before = sockets();
  const client = await dial(admin);
  client.socket.pause();
  client.send('GET /page/uplot.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1_000)); // more than any buffer takes
  const began = performance.now();
  await expect.poll(sockets).toBe(before + 1);
  await expect.poll(sockets, { timeout: 30_000, interval: 200 }).toBe(before);
  expect(performance.now() - began).toBeGreaterThan(TAKING_MS);
  client.socket.resume();
  expect(await client.ends()).not.toBe('');
  expect(client.received.split('HTTP/1.1 200 ').length).toBeLessThan(1_000);
});

test('a head may take 10 s, however often a byte of it comes', { timeout: 40_000 }, async () => {
  const { admin } = await serve();
  const began = performance.now();
  const over = async (begin: string, then: string) => {
    const client = await dial(admin);
    client.send(begin);
    const trickle = setInterval(() => client.socket.writable && client.send(then), 200);
    onTestFinished(() => clearInterval(trickle));
    await new Promise((resolve) => client.socket.once('end', resolve).once('close', resolve));
    clearInterval(trickle);
    return { answer: client.received.slice(0, 13), ms: performance.now() - began };
  };
  const inTime = expect.toSatisfy((ms: number) => ms > HEAD_MS.least && ms < HEAD_MS.most) as number;
  const late = { answer: 'HTTP/1.1 408 ', ms: inTime };
  const line = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n';
  expect(
    await Promise.all([over('', ''), over('GET /', 'x'), over(`${line}A: `, 'x'), over(line, 'A: b\r\n')]),
  ).toEqual([late, late, late, late]);
});
