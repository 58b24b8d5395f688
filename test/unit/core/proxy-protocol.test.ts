import { describe, expect, test } from 'vitest';
import {
  type Ends,
  type InternetEnds,
  FIXED_LENGTH,
  MAX_REST_LENGTH,
  decode,
  encode,
  restLength,
} from '../../../src/core/proxy-protocol.cjs';

const secret = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

function read(header: Buffer) {
  const length = restLength(header.subarray(0, FIXED_LENGTH));
  if (length === -1) return undefined;
  return decode(header.subarray(0, FIXED_LENGTH), header.subarray(FIXED_LENGTH, FIXED_LENGTH + length));
}

const ends = (family: InternetEnds['family'], sourceAddress: string, destinationAddress: string): InternetEnds => ({
  family,
  sourceAddress,
  sourcePort: 40_000,
  destinationAddress,
  destinationPort: 8_000,
});

const proxied = (of: Ends) => ({ command: 'PROXY', ends: of, secret }) as const;

describe('what is encoded is decoded', () => {
  test.each([
    ends('IPv4', '192.0.2.1', '127.0.0.1'),
    ends('IPv6', '2001:db8::1', '::1'),
    ends('IPv6', '::ffff:192.0.2.1', '::ffff:127.0.0.1'),
    ends('IPv6', '1:2:3:4:5:6:7:8', '::'),
    ends('IPv6', 'fe80::', '1:0:0:2::3'),
    ends('IPv6', '::192.0.2.1', '::5'),
  ])('%j', (both) => {
    expect(read(encode(proxied(both)))).toEqual(proxied(both));
  });

  test('a client at a Unix socket', () => {
    expect(read(encode(proxied({ family: 'Unix' })))).toEqual(proxied({ family: 'Unix' }));
  });

  test('nothing said of the ends (UNSPEC)', () => {
    expect(read(encode({ command: 'PROXY', secret }))).toEqual({ command: 'PROXY', secret });
  });

  test('LOCAL, for a connection of several clients', () => {
    expect(read(encode({ command: 'LOCAL', secret }))).toEqual({ command: 'LOCAL', secret });
  });
});

test('a zone is left out', () => {
  expect(read(encode(proxied(ends('IPv6', 'fe80::1%eth0', '::1'))))?.ends).toMatchObject({ sourceAddress: 'fe80::1' });
});

test('the bytes are those of the specification', () => {
  const header = encode({ ...proxied(ends('IPv4', '192.0.2.1', '127.0.0.1')), secret: Buffer.from('ab') });
  expect(header.toString('hex')).toBe(
    '0d0a0d0a000d0a515549540a' +
      '21' +
      '11' +
      '0011' +
      'c0000201' +
      '7f000001' +
      '9c40' +
      '1f40' +
      'e5' +
      '0002' +
      '6162',
  );
});

describe('a header is turned away', () => {
  const good = encode(proxied(ends('IPv4', '192.0.2.1', '127.0.0.1')));
  const changed = (at: number, byte: number) => {
    const copy = Buffer.from(good);
    copy[at] = byte;
    return copy;
  };
  test.each([
    ['with another signature', changed(0, 0)],
    ['of another version', changed(12, 0x11)],
    ['with an unknown command', changed(12, 0x22)],
    ['without room for the paths of Unix sockets', changed(13, 0x31)],
    ['with a TLV that runs past its end', changed(FIXED_LENGTH + 12 + 2, 200)],
    ['without room for its addresses', Buffer.concat([good.subarray(0, 14), Buffer.from([0, 4]), good.subarray(16)])],
    ['beyond the bound', Buffer.concat([good.subarray(0, 14), Buffer.from([2, 1]), Buffer.alloc(MAX_REST_LENGTH + 1)])],
    ['that is cut short', good.subarray(0, 10)],
  ])('%s', (_name, header) => {
    expect(read(header)).toBe(undefined);
  });
});
