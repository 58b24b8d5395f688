import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { PortAllotment } from '../../../dist/supervisor/port-allotment.js';

const HOUR_MS = 3_600_000;
const FIRST = 20_000;
const LAST = 29_999;

function takeAll(ports: PortAllotment): readonly number[] {
  const taken: number[] = [];
  for (let port = ports.take(); port !== undefined; port = ports.take()) taken.push(port);
  return taken;
}

test('every port from 20000 to 29999 is given out once within an hour', () => {
  let now = 0;
  const ports = new PortAllotment(
    () => true,
    () => now,
  );
  const taken = takeAll(ports);
  expect([...taken].sort((a, b) => a - b)).toEqual(Array.from({ length: LAST - FIRST + 1 }, (_, at) => FIRST + at));
  now = HOUR_MS - 1;
  expect(ports.take()).toBeUndefined();
  now = HOUR_MS;
  expect(ports.take()).toBe(taken[0]);
});

test('a port that is in use is passed over', () => {
  const ports = new PortAllotment((port) => port === 25_000);
  expect(takeAll(ports)).toEqual([25_000]);
});

test.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('somebody who listens on %s is noticed', async (host) => {
  const ports = new PortAllotment();
  const port = ports.take()!;
  const next = port === LAST ? FIRST : port + 1;
  const server = createServer().listen(next, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  expect(ports.take()).not.toBe(next);
});

test('a port that was given out can be listened on at once', async () => {
  const server = createServer().listen(new PortAllotment().take(), '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
});

test('instances do not all begin at the same port', () => {
  const firsts = Array.from({ length: 20 }, () => new PortAllotment(() => true).take());
  expect(new Set(firsts).size).toBeGreaterThan(1);
});
