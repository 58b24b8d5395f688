import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { Listener } from '../../src/proxy/listener.js';
import { freePort } from '../kit/free-port.js';

const relay = { connections: 0, accept() {}, finish() {}, close() {} };
const gate = { admit() {}, dismiss() {} };

test('an address that was taken can be opened when it is free again', async () => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const listener = new Listener(port, relay, gate);
  await expect(listener.open('127.0.0.1')).rejects.toThrow(`Cannot listen on 127.0.0.1:${port}: the port is taken`);
  expect(listener.isOpen).toBe(false);
  other.close();
  await once(other, 'close');
  expect(await listener.open('127.0.0.1')).toBe(true);
  expect(await listener.open('127.0.0.1')).toBe(false);
  await listener.finish();
});

test('an address that this machine does not have is told as such', async () => {
  const listener = new Listener(await freePort(), relay, gate);
  await expect(listener.open('192.0.2.1')).rejects.toThrow('this machine does not have that address');
  await listener.finish();
});
