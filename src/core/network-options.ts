import { option } from './option.js';
import { type PublicAddress, WANTED_ADDRESS, parsePublicAddress } from './public-address.js';
import { TEXT, TEXTS, durationOrOff, either, flag, numberOrOff, oneOf, texts, value } from './values.js';

/** The options of connections: where clients come in, who they are, and which worker gets them. */
export const networkOptions = {
  listen: option(
    value<readonly PublicAddress[], string | readonly string[]>(
      `${WANTED_ADDRESS}; several as so many options, or as a list in the file`,
      addresses,
      either(TEXT, TEXTS),
    ).default([]),
    {
      argument: 'ADDR:PORT|unix:PATH',
      description: 'public address of the first port; may be given several times',
      otherwise: 'what --port and --host say',
    },
  ),
  socketMode: option(
    value<number, string>('permissions in octal digits such as 660', permissions, {
      type: 'string',
      pattern: '^0?[0-7]{3}$',
    }).default(0o660),
    {
      argument: 'MODE',
      description: 'who may connect to a public Unix socket',
      otherwise: '660',
    },
  ),
  balance: option(oneOf('round-robin', 'least-connections', 'random-two', 'source-hash').default('round-robin'), {
    argument: 'POLICY',
    description: 'which worker is next: round-robin, least-connections, random-two or source-hash',
  }),
  sticky: option(oneOf('off', 'cookie').default('off'), {
    argument: 'off|cookie',
    description: 'keep a client on its worker slot by a cookie, in http mode',
  }),
  maxInFlight: option(numberOrOff(1, 1_000_000).default(Infinity), {
    argument: 'N|off',
    description:
      'requests (http) or connections (tcp) that one worker gets at a time; further ones wait as held ones do',
    otherwise: 'off',
  }),
  idleTimeout: option(durationOrOff().default(Infinity), {
    argument: 'T|off',
    description: 'how long a connection may lie idle in both directions, in tcp mode',
    otherwise: 'off',
  }),
  acceptProxy: option(flag().default(false), {
    description: 'peers in --trust-proxy open their connections with a PROXY header (version 1 or 2)',
    otherwise: 'off',
  }),
  sendProxy: option(flag().default(false), {
    description: 'open connections to a command with a PROXY header (version 2)',
    otherwise: 'off',
  }),
  noClientAddress: option(flag().default(false), {
    description: "don't give the program the clients' addresses as its own connections'",
    otherwise: 'off',
  }),
};

function addresses(raw: unknown): readonly PublicAddress[] | undefined {
  const read = (typeof raw === 'string' ? [raw] : texts(raw))?.map(parsePublicAddress);
  return read?.every((address) => address !== undefined) === true ? read : undefined;
}

function permissions(raw: unknown): number | undefined {
  return typeof raw === 'string' && /^0?[0-7]{3}$/.test(raw) ? Number.parseInt(raw, 8) : undefined;
}
