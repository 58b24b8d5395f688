import { encode } from '../../src/core/proxy-protocol.cjs';

/** A header as bytes, from the parts of the specification: of any family, command and content, also such as must not be. */
export function binary(versionAndCommand: number, family: number, rest: Buffer | string = '', length?: number): Buffer {
  const content = typeof rest === 'string' ? Buffer.from(rest, 'hex') : rest;
  const fixed = Buffer.from('0d0a0d0a000d0a515549540a00000000', 'hex');
  fixed[12] = versionAndCommand;
  fixed[13] = family;
  fixed.writeUInt16BE(length ?? content.length, 14);
  return Buffer.concat([fixed, content]);
}

/** A TLV as it stands behind the addresses. */
export function tlv(type: number, value: Buffer): Buffer {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16BE(value.length, 1);
  return Buffer.concat([head, value]);
}

export const IPV4 = {
  family: 'IPv4',
  sourceAddress: '192.0.2.1',
  sourcePort: 40_000,
  destinationAddress: '198.51.100.2',
  destinationPort: 443,
} as const;
export const IPV6 = {
  family: 'IPv6',
  sourceAddress: '2001:db8::1',
  sourcePort: 40_000,
  destinationAddress: '2001:db8::2',
  destinationPort: 443,
} as const;
export const UNIX = { family: 'Unix' } as const;

const IPV4_ENDS = 'c0000201c63364029c4001bb';
const IPV6_ENDS = '20010db800000000000000000000000120010db80000000000000000000000029c4001bb';
/** As HAProxy fills them: paths, and zeros behind them. */
const UNIX_ENDS = Buffer.concat([Buffer.from('/run/a.sock'), Buffer.alloc(205)]);

/** What load balancers add: an id of the VPC endpoint (AWS), a checksum and padding, a host name, what is known of TLS. */
const TLVS = Buffer.concat([
  tlv(0xea, Buffer.from('\x01vpce-08d2bf15fac5001c9', 'latin1')),
  tlv(0x03, Buffer.from('1a2b3c4d', 'hex')),
  tlv(0x04, Buffer.alloc(40)),
  tlv(0x02, Buffer.from('example.com')),
  tlv(0x20, Buffer.concat([Buffer.from('0100000000', 'hex'), tlv(0x21, Buffer.from('TLSv1.3'))])),
]);

/** The longest that is accepted: 4096 bytes in all. */
const LONGEST = Buffer.concat([Buffer.from(IPV4_ENDS, 'hex'), tlv(0x22, Buffer.alloc(4_096 - 16 - 12 - 3))]);

/** Every legal form, and whom it names; undefined: the connection's own ends. */
export const LEGAL: readonly (readonly [string, Buffer, object | undefined])[] = [
  ['TCP4', line('TCP4 192.0.2.1 198.51.100.2 40000 443'), IPV4],
  [
    'TCP4, as long and as large as can be',
    line('TCP4 255.255.255.255 255.255.255.255 65535 65535'),
    {
      family: 'IPv4',
      sourceAddress: '255.255.255.255',
      sourcePort: 65_535,
      destinationAddress: '255.255.255.255',
      destinationPort: 65_535,
    },
  ],
  ['TCP4 with port 0', line('TCP4 192.0.2.1 198.51.100.2 0 443'), { ...IPV4, sourcePort: 0 }],
  ['TCP6', line('TCP6 2001:db8::1 2001:db8::2 40000 443'), IPV6],
  ['TCP6 written out, in capitals', line('TCP6 2001:0DB8:0000:0000:0000:0000:0000:0001 2001:DB8:0::2 40000 443'), IPV6],
  [
    'TCP6, as long as can be',
    line(`TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}fffe 65535 65535`),
    {
      family: 'IPv6',
      sourceAddress: `${'ffff:'.repeat(7)}ffff`,
      sourcePort: 65_535,
      destinationAddress: `${'ffff:'.repeat(7)}fffe`,
      destinationPort: 65_535,
    },
  ],
  [
    'TCP6 of an IPv4-mapped address',
    line('TCP6 ::ffff:192.0.2.1 ::ffff:c633:6402 40000 443'),
    { ...IPV4, family: 'IPv6', sourceAddress: '::ffff:192.0.2.1', destinationAddress: '::ffff:198.51.100.2' },
  ],
  ['UNKNOWN', line('UNKNOWN'), undefined],
  ['UNKNOWN with a space', line('UNKNOWN '), undefined],
  ['UNKNOWN with anything', line('UNKNOWN 1 2 TCP4 \0 what'), undefined],
  ['UNKNOWN of 107 bytes', line(`UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`), undefined],
  ['version 2, IPv4', binary(0x21, 0x11, IPV4_ENDS), IPV4],
  ['version 2, IPv4 with TLVs', binary(0x21, 0x11, Buffer.concat([Buffer.from(IPV4_ENDS, 'hex'), TLVS])), IPV4],
  ['version 2, as long as is accepted', binary(0x21, 0x11, LONGEST), IPV4],
  ['version 2, IPv6', binary(0x21, 0x21, IPV6_ENDS), IPV6],
  ['version 2, IPv6 with TLVs', binary(0x21, 0x21, Buffer.concat([Buffer.from(IPV6_ENDS, 'hex'), TLVS])), IPV6],
  ['version 2, Unix', binary(0x21, 0x31, UNIX_ENDS), UNIX],
  ['version 2, Unix with TLVs', binary(0x21, 0x31, Buffer.concat([UNIX_ENDS, TLVS])), UNIX],
  ['version 2, as zdlb itself writes it', encode({ command: 'PROXY', ends: IPV4 }), IPV4],
  ['LOCAL', binary(0x20, 0x00), undefined],
  ['LOCAL with a family, and without addresses', binary(0x20, 0x11), undefined],
  ['LOCAL with addresses', binary(0x20, 0x11, IPV4_ENDS), undefined],
  ['LOCAL with an unknown family and anything', binary(0x20, 0xff, 'ffffffffff'), undefined],
  ['UNSPEC', binary(0x21, 0x00), undefined],
  ['UNSPEC with anything', binary(0x21, 0x00, 'ffffffffff'), undefined],
  ['a stream of an unspecified family', binary(0x21, 0x01, IPV4_ENDS), undefined],
  ['IPv4 of an unspecified transport', binary(0x21, 0x10, IPV4_ENDS), undefined],
  ['UDP over IPv4', binary(0x21, 0x12, IPV4_ENDS), undefined],
  ['UDP over IPv6', binary(0x21, 0x22, IPV6_ENDS), undefined],
  ['Unix datagrams', binary(0x21, 0x32, UNIX_ENDS), undefined],
];

/** What must close the connection: it is no header from some byte on, or a malformed one when it is whole. */
export const ILLEGAL: readonly (readonly [string, Buffer, 'absent' | 'malformed'])[] = [
  ['a request', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), 'absent'],
  ['a TLS record', Buffer.from('16030100c8010000c4', 'hex'), 'absent'],
  ['a lower case word', Buffer.from('proxy TCP4 192.0.2.1 198.51.100.2 40000 443\r\n'), 'absent'],
  ['a space in front', Buffer.from(' PROXY UNKNOWN\r\n'), 'absent'],
  ['no space behind the word', Buffer.from('PROXYTCP4 192.0.2.1 198.51.100.2 40000 443\r\n'), 'absent'],
  ['an empty line in front', Buffer.from('\r\nPROXY UNKNOWN\r\n'), 'absent'],
  ['another signature', Buffer.from('0d0a0d0a000d0a515549540d2111000c', 'hex'), 'absent'],
  ...(
    [
      ['no family', ''],
      ['another family', 'TCP5 192.0.2.1 198.51.100.2 40000 443'],
      ['UDP', 'UDP4 192.0.2.1 198.51.100.2 40000 443'],
      ['a family in lower case', 'tcp4 192.0.2.1 198.51.100.2 40000 443'],
      ['UNKNOWN with a letter more', 'UNKNOWNS'],
      ['a second space', 'TCP4  192.0.2.1 198.51.100.2 40000 443'],
      ['a tab', 'TCP4\t192.0.2.1 198.51.100.2 40000 443'],
      ['a space behind it', 'TCP4 192.0.2.1 198.51.100.2 40000 443 '],
      ['a field too many', 'TCP4 192.0.2.1 198.51.100.2 40000 443 1'],
      ['a field too few', 'TCP4 192.0.2.1 198.51.100.2 40000'],
      ['IPv6 in TCP4', 'TCP4 2001:db8::1 2001:db8::2 40000 443'],
      ['IPv4 in TCP6', 'TCP6 192.0.2.1 198.51.100.2 40000 443'],
      ['two families', 'TCP6 2001:db8::1 198.51.100.2 40000 443'],
      ['a name', 'TCP4 localhost 198.51.100.2 40000 443'],
      ['a number above 255', 'TCP4 192.0.2.256 198.51.100.2 40000 443'],
      ['a leading zero in an address', 'TCP4 192.0.02.1 198.51.100.2 40000 443'],
      ['three numbers', 'TCP4 192.0.2 198.51.100.2 40000 443'],
      ['two double colons', 'TCP6 2001::db8::1 2001:db8::2 40000 443'],
      ['nine groups', 'TCP6 1:2:3:4:5:6:7:8:9 2001:db8::2 40000 443'],
      ['a zone', 'TCP6 fe80::1%eth0 2001:db8::2 40000 443'],
      ['a port above 65535', 'TCP4 192.0.2.1 198.51.100.2 65536 443'],
      ['a leading zero in a port', 'TCP4 192.0.2.1 198.51.100.2 040000 443'],
      ['a sign', 'TCP4 192.0.2.1 198.51.100.2 +40000 443'],
      ['a NUL', 'TCP4 192.0.2.1\0 198.51.100.2 40000 443'],
      ['a line feed within', 'TCP4 192.0.2.1 198.51.100.2 40000\n 443'],
      ['108 bytes', `UNKNOWN ${'x'.repeat(92)}`],
    ] as const
  ).map(([name, rest]) => [name, line(rest), 'malformed'] as const),
  ['a line feed alone', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\n'), 'malformed'],
  ['a carriage return alone, on and on', Buffer.from(`PROXY UNKNOWN\r${'x'.repeat(93)}`), 'malformed'],
  ['version 1 of the binary form', binary(0x11, 0x11, IPV4_ENDS), 'malformed'],
  ['version 3', binary(0x31, 0x11, IPV4_ENDS), 'malformed'],
  ['an unknown command', binary(0x22, 0x11, IPV4_ENDS), 'malformed'],
  ['a reserved family', binary(0x21, 0x41, IPV4_ENDS), 'malformed'],
  ['a reserved transport', binary(0x21, 0x13, IPV4_ENDS), 'malformed'],
  ['IPv4 without room for it', binary(0x21, 0x11, IPV4_ENDS.slice(2)), 'malformed'],
  ['IPv6 without room for it', binary(0x21, 0x21, IPV4_ENDS), 'malformed'],
  ['Unix without room for it', binary(0x21, 0x31, IPV6_ENDS), 'malformed'],
  ['a TLV that runs past the end', binary(0x21, 0x11, `${IPV4_ENDS}0400050000`), 'malformed'],
  ['half a TLV', binary(0x21, 0x11, `${IPV4_ENDS}0400`), 'malformed'],
  ['more than 4096 bytes', binary(0x21, 0x11, IPV4_ENDS, 4_081), 'malformed'],
  ['64 KiB', binary(0x21, 0x11, IPV4_ENDS, 65_535), 'malformed'],
];

function line(rest: string): Buffer {
  return Buffer.from(`PROXY ${rest}\r\n`, 'latin1');
}
