import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { Listening } from '../../src/core/messages.cjs';
import { addressesOf } from '../../src/public-addresses.js';

const listening: Listening = { type: 'listening', asked: 3000, port: 8000, host: '127.0.0.1', protocol: 'http' };
const own = { port: 8000, host: '127.0.0.1' };
const wanted = { port: 8000, host: undefined, listen: [] } as const;
const socket = { path: 'app.sock' };

test('a port is open where the program says', () => {
  expect(addressesOf(listening, true, wanted)).toEqual([own]);
  expect(addressesOf({ ...listening, host: '::', ipv6Only: true }, true, wanted)).toEqual([
    { port: 8000, host: '::', ipv6Only: true },
  ]);
});

test('the first port is open at --host', () => {
  const host = { ...wanted, host: '10.0.0.1' };
  expect(addressesOf(listening, true, host)).toEqual([{ port: 8000, host: '10.0.0.1' }]);
  expect(addressesOf(listening, false, host)).toEqual([own]);
});

test('the first port is open at each --listen, and at --port unless one of them names it', () => {
  const elsewhere = { ...wanted, listen: [{ port: 9000 }, socket] };
  const path = resolve('app.sock');
  expect(addressesOf(listening, true, elsewhere)).toEqual([{ port: 9000 }, { path }, own]);
  expect(addressesOf(listening, false, elsewhere)).toEqual([own]);
  expect(addressesOf(listening, true, { ...wanted, listen: [{ port: 8000, host: '::1' }] })).toEqual([
    { port: 8000, host: '::1' },
  ]);
});

test('a first port without a number is open at Unix sockets alone', () => {
  expect(addressesOf(listening, true, { ...wanted, port: undefined, listen: [socket] })).toEqual([
    { path: resolve('app.sock') },
  ]);
});
