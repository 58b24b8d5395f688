import { describe, expect, test } from 'vitest';
import { groupsOf, plainAddress, subscriberOf } from '../../../src/core/address.js';

describe('plainAddress() writes', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:10.0.0.1', '10.0.0.1'],
    ['::ffff:a00:1', '10.0.0.1'],
    ['0:0:0:0:0:ffff:10.0.0.1', '10.0.0.1'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::', '::'],
    ['localhost', undefined],
    ['10.0.0', undefined],
    ['10.0.0.010', undefined],
    ['10.0.0.1:80', undefined],
    ['[::1]', undefined],
    ['', undefined],
  ])('%j as %j', (text, plain) => {
    expect(plainAddress(text)).toBe(plain);
  });
});

describe('subscriberOf() counts', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::6', '2001:db8:1:3::/64'],
    ['2001:db8::2:3:4:5:6', '2001:db8:0:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::1.2.3.4', '0:0:0:0::/64'],
  ])('%s as %s', (address, subscriber) => {
    expect(subscriberOf(address)).toBe(subscriber);
  });
});

describe('groupsOf() splits', () => {
  test.each([
    ['1.2.3.4', [0x0102, 0x0304]],
    ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['1::', [1, 0, 0, 0, 0, 0, 0, 0]],
    ['::8', [0, 0, 0, 0, 0, 0, 0, 8]],
    ['1:2:3:4:5:6:7:8', [1, 2, 3, 4, 5, 6, 7, 8]],
    ['1::7:8', [1, 0, 0, 0, 0, 0, 7, 8]],
    ['::1.2.3.4', [0, 0, 0, 0, 0, 0, 0x0102, 0x0304]],
  ])('%s', (address, groups) => {
    expect(groupsOf(address)).toEqual(groups);
  });
});
