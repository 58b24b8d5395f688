import { once } from 'node:events';
import { isIPv4, isIPv6, type AddressInfo, connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { parseNetworks } from '../../src/core/networks.js';
import { encode } from '../../src/core/proxy-protocol.cjs';
import { Backend } from '../../src/proxy/backend.js';
import { readProxyHeader } from '../../src/proxy/proxy-header.js';
import { pieces, sendPieces } from '../kit/cuttings.js';
import { descriptorsOf } from '../kit/descriptors.js';
import { ILLEGAL, LEGAL } from '../kit/proxy-headers.js';
import type { Random } from '../kit/random.js';
import { openRelay } from '../kit/relay.js';
import { MUTATIONS, campaign } from './campaign.js';

/** A connection costs some hundred times as much as the functions alone. */
const SHARE = 10;
const SIDE_BY_SIDE = 10;
const MAX_LENGTH = 4_096;
const BEHIND = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const SECRET = '00112233445566778899aabbccddeeff';

const CORPUS = [...LEGAL, ...ILLEGAL]
  .map(([, bytes]) => bytes.toString('latin1') + BEHIND)
  .filter(({ length }) => length < 1_000);

/** A header of random content in a right frame, cut short now and then; or noise. */
function sample(random: Random): string {
  const noise = Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256)));
  if (random.below(10) === 0) return noise.toString('latin1');
  const fixed = Buffer.from('0d0a0d0a000d0a515549540a21110000', 'hex');
  fixed[13] = (random.below(5) << 4) | random.below(4);
  fixed[12] = random.pick([0x20, 0x21, 0x21, 0x21, 0x22]);
  fixed.writeUInt16BE(random.below(3) === 0 ? random.below(65_536) : random.below(noise.length + 1), 14);
  const text = Buffer.concat([fixed, noise]).toString('latin1') + BEHIND;
  return random.below(3) === 0 ? text.slice(0, random.below(text.length)) : text;
}

/** What is wrong with the reading of a text, if anything. */
function flaw(text: string, random: Random): string | undefined {
  const bytes = Buffer.from(text, 'latin1');
  const read = readProxyHeader(bytes);
  for (const length of [random.below(bytes.length + 1), random.below(20), random.below(110)].filter(
    (at) => at <= bytes.length,
  )) {
    const sooner = readProxyHeader(bytes.subarray(0, length));
    if (sooner !== 'partial' && JSON.stringify(sooner) !== JSON.stringify(read))
      return `${JSON.stringify(sooner)} after ${length} bytes, ${JSON.stringify(read)} after all`;
  }
  if (read === 'partial' && bytes.length >= MAX_LENGTH) return 'no end to it';
  if (typeof read === 'string') return undefined;
  if (read.length > Math.min(bytes.length, MAX_LENGTH)) return `a header of ${read.length} bytes`;
  const { ends } = read;
  if (ends === undefined || ends.family === 'Unix') return undefined;
  const isAddress = ends.family === 'IPv4' ? isIPv4 : isIPv6;
  if (!isAddress(ends.sourceAddress) || !isAddress(ends.destinationAddress)) return `addresses ${JSON.stringify(ends)}`;
  const again = readProxyHeader(encode({ command: 'PROXY', ends }));
  if (JSON.stringify((again as { ends?: object }).ends) !== JSON.stringify(sorted(ends)))
    return `${JSON.stringify(again)} behind`;
  return undefined;
}

/** As decoding puts them. */
const sorted = ({
  family,
  sourceAddress,
  destinationAddress,
  sourcePort,
  destinationPort,
}: Exclude<NonNullable<ReturnType<typeof whole>>['ends'], undefined | { family: 'Unix' }>) => ({
  family,
  sourceAddress,
  destinationAddress,
  sourcePort,
  destinationPort,
});

function whole(text: string) {
  const read = readProxyHeader(Buffer.from(text, 'latin1'));
  return typeof read === 'string' ? undefined : read;
}

async function flaws(texts: readonly string[], random: Random): Promise<readonly (string | undefined)[]> {
  return texts.map((text) => flaw(text, random));
}

test('a reading never depends on how the bytes come, and is bounded', { timeout: 3_600_000 }, async () => {
  expect(await campaign({ corpus: CORPUS, sample, differences: flaws }, MUTATIONS)).toBe('');
});

/** A front that expects headers, and a worker that says, at the end of a connection, whom it named and what it brought. */
async function scene() {
  const vestibule = { acceptProxy: true, trustProxy: parseNetworks('127.0.0.1')!, headerTimeout: 60_000 };
  const relay = await openRelay('tcp', { vestibule });
  const worker = createServer({ allowHalfOpen: true }, (socket) => {
    const chunks: Buffer[] = [];
    socket.on('error', () => {}).on('data', (bytes: Buffer) => chunks.push(bytes));
    socket.on('end', () => {
      const text = Buffer.concat(chunks).toString('latin1');
      const header = whole(text)!;
      socket.end(JSON.stringify({ ends: header.ends, rest: text.slice(header.length) }));
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void worker.close());
  await once(worker, 'listening');
  const { port } = worker.address() as AddressInfo;
  relay.balancer.swap([new Backend({ address: { port }, secret: SECRET })]);
  return relay;
}

/** Sends a text in random pieces, then the end; what is wrong with what came back. */
async function trial(port: number, text: string, random: Random): Promise<string | undefined> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let got = '';
  socket.on('data', (bytes) => (got += String(bytes))).on('error', () => {});
  const closed = once(socket, 'close').catch(() => undefined);
  await once(socket, 'connect');
  const { localPort } = socket;
  await sendPieces(socket, pieces(Buffer.from(text, 'latin1'), random));
  socket.end();
  await closed;
  const header = whole(text);
  if (header === undefined) return got === '' ? undefined : `an answer: ${got}`;
  const own = {
    family: 'IPv4',
    sourceAddress: '127.0.0.1',
    destinationAddress: '127.0.0.1',
    sourcePort: localPort,
    destinationPort: port,
  };
  const ends = header.ends === undefined ? own : header.ends.family === 'Unix' ? header.ends : sorted(header.ends);
  const wanted = JSON.stringify({ ends, rest: text.slice(header.length) });
  return got === wanted ? undefined : `${got} instead of ${wanted}`;
}

test('the front takes what is read so, closes the rest, and keeps nothing', { timeout: 3_600_000 }, async () => {
  const { port, vestibule, relay } = await scene();
  let named = 0;
  const differences = async (texts: readonly string[], random: Random) => {
    const found: (string | undefined)[] = [];
    const next = texts.entries();
    const lane = async () => {
      for (const [index, text] of next) {
        found[index] = await trial(port, text, random);
        if (whole(text) !== undefined) named++;
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
    return found;
  };
  expect(await campaign({ corpus: CORPUS, sample, differences }, MUTATIONS / SHARE)).toBe('');
  expect([vestibule.waiting, relay.connections]).toEqual([0, 0]);
  if (process.platform === 'linux') await expect.poll(() => descriptorsOf(process.pid)['TCP connected'] ?? 0).toBe(0);
  // Were all refused, nothing would have been compared.
  expect(named).toBeGreaterThan(MUTATIONS / SHARE / 10);
});
