import { once } from 'node:events';
import { join } from 'node:path';
import { type NetConnectOpts, connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { startFront } from '../kit/front.ts';
import { WITHOUT_HAPROXY, hasHaproxy, haproxyFolder, startHaproxy } from '../kit/haproxy.ts';
import { startLoad } from '../kit/load.ts';
import { LIGHT } from '../kit/loads.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/programs/tells-clients.cjs', import.meta.url));
const SERVER = fileURLToPath(new URL('../fixtures/load-server.cjs', import.meta.url));
const ACCEPTS = ['--accept-proxy', '--trust-proxy', '127.0.0.1'];

const PLAIN = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: whose\r\n\r\n';

/** What a client is answered, and who it is itself. */
async function ask(to: NetConnectOpts, request = PLAIN) {
  const socket = connect(to);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const { localAddress, localPort } = socket;
  let answer = '';
  socket.on('data', (bytes) => {
    answer += String(bytes);
    if (/^HTTP\/1\.1 101 [^]*\r\n\r\n$/.test(answer)) socket.write('who am I?');
  });
  socket.write(request);
  await once(socket, 'end');
  return { answer: answer.slice(answer.indexOf('\r\n\r\n') + 4), localAddress, localPort };
}

const WAYS = [
  ['http mode', ['--mode', 'http']],
  ['http mode, the second engine', ['--mode', 'http', '--http-engine', 'http-proxy']],
  ['tcp mode', ['--mode', 'tcp']],
  ['http mode, private sockets', ['--mode', 'http', '--transport', 'unix']],
] as const;

const frontends = (send: string, port: number, open: number, path: string) => `
listen ${send}
  mode tcp
  bind 127.0.0.1:${open}
  bind [::1]:${open}
  bind unix@${path}
  server zdlb 127.0.0.1:${port} ${send}
`;

describe.runIf(hasHaproxy).each(WAYS)(`HAProxy in front: %s${WITHOUT_HAPROXY}`, (_, args) => {
  test('the program sees the clients of HAProxy', async () => {
    const front = await startFront({ script: PROGRAM, args: ['--workers', '1', ...ACCEPTS, ...args] });
    const [v1, v2] = [await freePort(), await freePort()];
    const folder = await haproxyFolder(
      (at) =>
        frontends('send-proxy', front.port, v1, join(at, '1')) +
        frontends('send-proxy-v2', front.port, v2, join(at, '2')),
    );
    await startHaproxy(folder, [v1, v2]);
    for (const port of [v1, v2])
      for (const [host, remoteFamily] of [
        ['127.0.0.1', 'IPv4'],
        ['::1', 'IPv6'],
      ] as const)
        for (const request of [PLAIN, UPGRADE]) {
          const { answer, localPort } = await ask({ port, host }, request);
          expect(JSON.parse(answer.replace(/^[^{]*|[^}]*$/g, ''))).toEqual({
            remoteFamily,
            remoteAddress: host,
            remotePort: localPort,
          });
        }
    // Of a client at a Unix socket HAProxy says UNKNOWN, or LOCAL: the connection's own ends are its own.
    for (const path of ['1', '2'])
      expect((await ask({ path: join(folder, path) })).answer).toContain('"remoteAddress":"::ffff:127.0.0.1"');
  });
});

test.runIf(hasHaproxy)(`a reload under load behind HAProxy loses nothing${WITHOUT_HAPROXY}`, async () => {
  const front = await startFront({ script: SERVER, args: ACCEPTS });
  const open = await freePort();
  await startHaproxy(await haproxyFolder((at) => frontends('send-proxy-v2', front.port, open, join(at, '2'))), [open]);
  const load = startLoad(LIGHT, open);
  expect(await front.reload()).toMatchObject({ event: 'reload.done' });
  await load.tally.answeredBy('pid', front.workers(2).get(0)!);
  const tally = await load.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(front.entries.filter(({ event }) => event?.startsWith('proxy-header'))).toEqual([]);
});

const BEHIND = `
frontend f
  mode http
  log stdout format raw daemon
  option dontlog-normal
  bind "\${HOST}:\${PORT}" accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst_port] %[req.hdr(x-forwarded-for)]"
`;

describe.runIf(hasHaproxy)(`HAProxy behind${WITHOUT_HAPROXY}`, () => {
  test.each(WAYS.slice(0, 3))('%s: it sees the clients of zdlb, and nothing else to complain of', async (_, args) => {
    const folder = await haproxyFolder(() => BEHIND);
    const front = await startFront({
      args: [
        '--workers',
        '1',
        '--health',
        '/',
        '--send-proxy',
        ...args,
        '--',
        'haproxy',
        '-db',
        '-f',
        join(folder, 'haproxy.cfg'),
      ],
    });
    const isHttp = args.includes('http' as never);
    for (let count = 0; count < 3; count++) {
      const { answer, localPort } = await ask({ port: front.port, host: '127.0.0.1' });
      expect(answer).toContain(`127.0.0.1 ${localPort} ${front.port} ${isHttp ? '127.0.0.1' : ''}`);
    }
    const said = front.entries.filter(({ event }) => event === 'worker.output').map(({ msg }) => msg);
    expect(said.filter((line) => !line.startsWith('Connect from'))).toEqual([]);
  });
});
