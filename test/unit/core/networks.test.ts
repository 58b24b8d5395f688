import { describe, expect, test } from 'vitest';
import { parseNetworks } from '../../../src/core/networks.js';

const trusts = (raw: unknown, address: string) => parseNetworks(raw)!.trusts(address);

describe('a range begins and ends where its prefix says', () => {
  test.each([
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
    ['172.16.0.0/12', ['172.16.0.0', '172.31.255.255'], ['172.15.255.255', '172.32.0.0']],
    ['192.168.1.128/25', ['192.168.1.128', '192.168.1.255'], ['192.168.1.127', '192.168.2.128']],
    ['128.0.0.0/1', ['128.0.0.0', '255.255.255.255'], ['127.255.255.255', '0.0.0.0']],
    ['10.0.0.2/31', ['10.0.0.2', '10.0.0.3'], ['10.0.0.1', '10.0.0.4']],
    ['10.0.0.1/32', ['10.0.0.1'], ['10.0.0.0', '10.0.0.2']],
    ['10.0.0.1', ['10.0.0.1'], ['10.0.0.0', '10.0.0.2', '::1', '::a00:1']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255', '::ffff:1.2.3.4'], ['::1', '::', '2001:db8::1']],
    ['fd00::/8', ['fd00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'], ['fcff::1', 'fe00::']],
    ['fe80::/10', ['fe80::1', 'febf::1', 'fe80::1%eth0'], ['fe7f::1', 'fec0::1']],
    ['2001:db8::/33', ['2001:db8:7fff::1'], ['2001:db8:8000::', '2001:db7:ffff::']],
    ['2001:db8::1:0/112', ['2001:db8::1:ffff'], ['2001:db8::2:0', '2001:db8::ffff']],
    ['::1/128', ['::1', '0:0:0:0:0:0:0:1'], ['::', '::2', '0.0.0.1', '::ffff:0.0.0.1']],
    ['::1', ['::1'], ['::2', '127.0.0.1']],
    ['::/0', ['::', '::1', 'ffff::'], ['0.0.0.0', '1.2.3.4', '::ffff:1.2.3.4', '::ffff:102:304']],
  ])('%s', (range, inside, outside) => {
    expect(inside.filter((address) => !trusts(range, address))).toEqual([]);
    expect(outside.filter((address) => trusts(range, address))).toEqual([]);
  });
});

describe('an IPv4-mapped address is its IPv4 address', () => {
  test.each([
    ['10.0.0.0/8', '::ffff:10.1.2.3'],
    ['10.0.0.0/8', '::ffff:a01:203'],
    ['::ffff:10.0.0.0/104', '10.1.2.3'],
    ['::ffff:10.0.0.0/104', '::ffff:10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::ffff:0:0/96', '1.2.3.4'],
  ])('%s has %s', (range, address) => {
    expect(trusts(range, address)).toBe(true);
  });
});

test('a list trusts what any of its members does', () => {
  const raw = '10.0.0.0/8, fd00::/8,127.0.0.1,::1';
  for (const networks of [parseNetworks(raw)!, parseNetworks(raw.split(', ').flatMap((part) => part.split(',')))!]) {
    const asked = ['10.9.9.9', 'fd00::9', '127.0.0.1', '::1', '127.0.0.2', 'fe80::1', '::2'];
    expect(asked.map((address) => networks.trusts(address))).toEqual([true, true, true, true, false, false, false]);
  }
});

test('an empty list trusts nobody', () => {
  expect(trusts([], '127.0.0.1')).toBe(false);
});

test.each(['', 'localhost', '10.0.0', '10.0.0.1:80', '[::1]', 'unknown', '_hidden'])(
  'what is no address is trusted by nobody: %j',
  (text) => {
    expect(trusts('0.0.0.0/0,::/0', text)).toBe(false);
  },
);

describe('refused is', () => {
  test.each<[raw: unknown, what: string]>([
    ['', 'nothing'],
    [',', 'nothing twice'],
    ['10.0.0.1,', 'an empty member'],
    ['localhost', 'a name'],
    ['proxy.example/8', 'a name with a prefix'],
    ['10.0.0.1:80', 'a port'],
    ['[::1]', 'brackets'],
    ['[::1]:80', 'a port of IPv6'],
    ['fe80::1%eth0', 'a zone'],
    ['fe80::%eth0/10', 'a zone in a range'],
    ['10.0.0.1/8', 'a bit behind the prefix'],
    ['10.0.0.1/0', 'a bit behind an empty prefix'],
    ['10.0.0.1/31', 'the last bit behind the prefix'],
    ['fd00::1/8', 'a bit behind the prefix of IPv6'],
    ['2001:db8:8000::/32', 'the first bit behind the prefix of IPv6'],
    ['::1/127', 'the last bit behind the prefix of IPv6'],
    ['10.0.0.0/33', 'a prefix too long'],
    ['::/129', 'a prefix of IPv6 too long'],
    ['::ffff:10.0.0.0/8', 'a mapped address with a prefix of IPv4'],
    ['10.0.0.0/', 'no prefix'],
    ['10.0.0.0/08', 'a prefix with a leading zero'],
    ['10.0.0.0/-1', 'a negative prefix'],
    ['10.0.0.0/8.0', 'a fraction'],
    ['10.0.0.0/255.0.0.0', 'a net mask'],
    ['10.0.0.0/8/8', 'two prefixes'],
    ['10.0.0.010', 'an octal address'],
    ['10.1', 'a short address'],
    ['167772161', 'an address as a number'],
    ['10.0.0.0 /8', 'a blank within'],
    ['10.0.0.1 10.0.0.2', 'blanks between'],
    [167772161, 'a number'],
    [[10], 'a list of numbers'],
    [['10.0.0.1,::1'], 'a list within a list'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{}, 'an object'],
  ])('%j: %s', (raw, _what) => {
    expect(parseNetworks(raw)).toBe(undefined);
  });
});

test('the word unix stands for those at Unix sockets, and for nobody else', () => {
  for (const raw of ['unix', '10.0.0.0/8, unix', ['unix', '::1']]) {
    expect(trusts(raw, 'unix')).toBe(true);
    expect(trusts(raw, '127.0.0.1')).toBe(false);
    expect(parseNetworks(raw)!.isEmpty).toBe(false);
  }
  expect(trusts('0.0.0.0/0,::/0', 'unix')).toBe(false);
  expect(parseNetworks('unix/8')).toBe(undefined);
});
