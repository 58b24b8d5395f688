import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { spawnFront } from '../kit/front.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/programs/tells-clients.cjs', import.meta.url));
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const HEADER = 'PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n';

/** What comes back for `text` until the end. */
async function ask(port: number, text: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  let got = '';
  socket.on('data', (bytes) => (got += String(bytes))).on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  socket.write(text);
  await closed;
  return got;
}

test.each(['http', 'tcp'] as const)(
  'the program sees whom a header names, from the SIGHUP on that asks for it (%s)',
  async (mode) => {
    const folder = await mkdtemp(join(tmpdir(), 'zdlb-accept-proxy-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'zdlb.json');
    const port = await freePort();
    const write = async (changed: object) =>
      writeFile(path, JSON.stringify({ script: PROGRAM, port, workers: 1, mode, ...changed }));
    await write({});
    const front = spawnFront({ args: ['--config', path] });
    await front.event('serving');
    expect(await ask(port, REQUEST)).toContain('"remoteAddress":"::ffff:127.0.0.1"');
    await write({ acceptProxy: true, trustProxy: '127.0.0.1' });
    front.signal('SIGHUP');
    await front.event('reload.done');
    const who = '{"remoteFamily":"IPv4","remoteAddress":"192.0.2.1","remotePort":40000}';
    expect(await ask(port, HEADER + REQUEST)).toContain(who);
    expect(await ask(port, REQUEST)).toBe('');
    expect((await front.event('proxy-header.closed')).msg).toBe(
      'Closed a connection of a peer in --trust-proxy: 127.0.0.1 sent no PROXY header but "GET / HT"',
    );
  },
);
