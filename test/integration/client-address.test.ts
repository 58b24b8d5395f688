import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../kit/folder.ts';
import { startFront } from '../kit/front.ts';
import { KINDS, startBehindFront, startNative, whatIsSeen } from '../kit/sees-clients.ts';

const TELLS_CLIENTS = fileURLToPath(new URL('../fixtures/programs/tells-clients.cjs', import.meta.url));
const ROLLBACK = fileURLToPath(new URL('../fixtures/rollback-on-signal.mjs', import.meta.url));
const ALL = Object.keys(KINDS);
const HTTP = ['http', 'http on ::1', 'http on 127.0.0.1', 'upgrade', 'ws', 'express', 'fastify'];

/** `npm run test:matrix` sets ZDLB_TEST_ADDRESSES and tries them all. */
const FRONTS: readonly (readonly [kinds: readonly string[], options: readonly string[]])[] = [
  [ALL, ['--transport', 'port', '--mode', 'auto']],
  [HTTP, ['--transport', 'unix', '--http-engine', 'http-proxy']],
  [ALL, ['--transport', 'unix', '--mode', 'tcp']],
  ...(process.env['ZDLB_TEST_ADDRESSES'] === undefined
    ? []
    : ([
        [ALL, ['--transport', 'unix', '--mode', 'auto']],
        [HTTP, ['--transport', 'port', '--http-engine', 'http-proxy']],
        [ALL, ['--transport', 'port', '--mode', 'tcp']],
        [ALL, ['--backend', 'cluster']],
      ] as const)),
];

describe('programs see of their clients what they would see without zdlb', () => {
  test.each(FRONTS)('%j with %j', async (kinds, options) => {
    const [native, ports] = await Promise.all([startNative(kinds), startBehindFront(kinds, options)]);
    const expected = await whatIsSeen(native);
    expect(expected['http, from ::1']).toMatchObject({ remoteAddress: '::1', remotePort: "the client's" });
    expect(await whatIsSeen(ports)).toEqual(expected);
  });
});

/** A client that names another one in the field that the front tells the agent in. */
const FORGED = 'X-Zdlb-Client: 203.0.113.9 1 203.0.113.9 2\r\n';
const ENGINES = ['relay', 'http-proxy'];

test.each(ENGINES)("no program gets to see a client's own x-zdlb-client field (engine %s)", async (engine) => {
  const ports = await startBehindFront(['http'], ['--http-engine', engine]);
  const { seen, own } = await KINDS['http']!.ask('::1', ports['http']!, FORGED);
  expect(seen).toMatchObject({ remoteAddress: '::1', remotePort: own, fields: ['host'] });
});

describe("with --no-client-address a program sees the front's own connection", () => {
  const kinds = ['http', 'upgrade', 'net', 'https'];
  test.each([
    { engine: 'relay', transport: 'port', remoteAddress: '127.0.0.1' },
    { engine: 'http-proxy', transport: 'unix', remoteAddress: undefined },
  ])('$remoteAddress with $engine over $transport', async ({ engine, transport, remoteAddress }) => {
    const options = ['--no-client-address', '--http-engine', engine, '--transport', transport];
    const ports = await startBehindFront(kinds, options);
    for (const kind of kinds) {
      const port = ports[kind]!;
      const { seen, own } = await KINDS[kind]!.ask('::1', port, FORGED);
      expect(seen.remoteAddress).toBe(remoteAddress);
      expect(seen.remotePort).not.toBe(own);
      expect(seen).toMatchObject({ localPort: port, address: { port }, listens: { address: '::', port } });
      if (kind !== 'http') continue;
      expect(seen['fields']).toContain('x-forwarded-for');
      expect(seen['fields']).not.toContain('x-zdlb-client');
    }
  });
});

test('a worker that is started anew in the watch window is told of its clients as its generation was', async () => {
  const config = join(temporaryFolder(), 'zdlb.json');
  const write = (noClientAddress: boolean) => writeFileSync(config, JSON.stringify({ noClientAddress }));
  write(false);
  const front = await startFront({
    script: TELLS_CLIENTS,
    args: ['--config', config, '--workers', '1', '--watch-window', '30s'],
    nodeArgs: ['--import', ROLLBACK],
  });
  const seen = async () => (await fetch(`http://[::1]:${front.port}/`)).json();
  write(true);
  front.signal('SIGHUP');
  await front.event('reload.watching');
  expect(await seen()).toMatchObject({ remoteAddress: '127.0.0.1' });
  const since = front.mark();
  process.kill(front.workers(1).get(0)!, 'SIGKILL');
  await front.event('worker.ready', undefined, since);
  front.signal('SIGWINCH');
  await front.event('reload.failed');
  expect(await seen()).toMatchObject({ remoteAddress: '::1' });
});
