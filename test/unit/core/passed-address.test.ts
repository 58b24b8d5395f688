import { describe, expect, test } from 'vitest';
import { impliedAddresses, passedAt, passedFor } from '../../../src/core/passed-address.js';

const http = { address: { port: 80 } };
const admin = { address: { port: 9_090, host: '127.0.0.1' } };
const named = { address: { port: 443 }, standsFor: 8_443 };
const unix = { address: { path: '/run/app.sock' } };

describe('the first port is open at', () => {
  test('all passed sockets, when nobody asks for any', () => {
    expect(impliedAddresses([http, admin, unix], { listen: [] })).toEqual([http.address, admin.address, unix.address]);
  });

  test('all passed sockets, when none has the number that is asked for', () => {
    expect(impliedAddresses([http], { port: 3_000, listen: [] })).toEqual([http.address]);
  });

  test('Unix sockets alone, when another one has that number: the rest is for further ports', () => {
    expect(impliedAddresses([http, admin, unix], { port: 80, listen: [] })).toEqual([unix.address]);
    expect(impliedAddresses([http, admin, unix], { listen: [{ port: 80 }] })).toEqual([unix.address]);
  });

  test('no socket that stands for another port by its name', () => {
    expect(impliedAddresses([http, named], { listen: [] })).toEqual([http.address]);
    expect(impliedAddresses([http, named], { port: 8_443, listen: [] })).toEqual([]);
  });

  test('none, when the program never listens', () => {
    expect(impliedAddresses([http, unix], { port: 'none', listen: [] })).toEqual([]);
  });

  test('none twice', () => {
    expect(impliedAddresses([unix, admin], { listen: [unix.address, admin.address] })).toEqual([]);
  });
});

test('a port of the program has the sockets of its number or its name, and no others', () => {
  expect(passedFor([http, admin, named, unix], 80)).toEqual([http.address]);
  expect(passedFor([http, admin, named, unix], 8_443)).toEqual([named.address]);
  expect(passedFor([http, admin, named, unix], 443)).toEqual([]);
});

test("an operator's address is met by the same one; by all of its number only where it names no host", () => {
  const both = [{ address: { port: 80, host: '0.0.0.0' } }, { address: { port: 80, host: '::1' } }];
  expect(passedAt(both, { port: 80 })).toEqual(both.map(({ address }) => address));
  expect(passedAt(both, { port: 80, host: '::1' })).toEqual([{ port: 80, host: '::1' }]);
  expect(passedAt(both, { port: 80, host: '127.0.0.1' })).toEqual([]);
  expect(passedAt([http], { port: 80, host: '::' })).toEqual([http.address]);
  expect(passedAt([unix], { path: '/run/app.sock' })).toEqual([unix.address]);
});
