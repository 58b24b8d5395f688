import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Front, newHome, spawnFront } from '../kit/front.ts';
import { freePort } from '../kit/free-port.ts';
import { fixture, Release } from '../kit/release.ts';
import { machine, serve } from '../kit/verb-scene.ts';

const IS_ROOT = process.getuid?.() === 0;

describe('the folder of control sockets', () => {
  test('and the sockets in it are open to their owner alone', async () => {
    const { front } = await serve();
    expect(statSync(front.home).mode & 0o077).toBe(0);
    expect(statSync(join(front.home, 'server.sock')).mode & 0o777).toBe(0o600);
  });

  const wrong: Readonly<Record<string, (home: string) => void>> = {
    'that others may enter': (home) => chmodSync(home, 0o755),
    'that is a link': (home) => {
      mkdirSync(join(home, 'real'), { mode: 0o700 });
      symlinkSync('real', join(home, 'link'));
    },
  };

  test.each([
    ['that others may enter', '', /chmod 700/],
    ['that is a link', 'link', /symbolic link/],
    ['in which a socket has too long a path', 'a'.repeat(90), /bytes.*ZDLB_HOME/],
  ])('%s is refused', async (what, inside, says) => {
    const home = newHome();
    wrong[what]?.(home);
    const script = (await Release.create(await fixture('load-server.cjs'))).script;
    const front = spawnFront({ script, home: join(home, inside), args: ['--port', String(await freePort())] });
    expect(await front.exited).toEqual({ code: 3, signal: null });
    expect(front.stderr).toMatch(says);
  });

  test.each([
    { bytes: 103, code: 0 },
    { bytes: 104, code: 3 },
  ])('in which the path of a chosen name has $bytes bytes ends the start with $code', async ({ bytes, code }) => {
    const home = newHome();
    const folder = join(home, 'f'.repeat(bytes - join(home, '', 'server.sock').length - 1));
    const script = (await Release.create(await fixture('load-server.cjs'))).script;
    const args = ['--name', 'server', '--workers', '1', '--port', String(await freePort())];
    const front = spawnFront({ script, home: folder, args });
    if (code === 0) {
      await front.event('serving');
      expect(statSync(join(folder, 'server.sock')).isSocket()).toBe(true);
      front.signal('SIGTERM');
    }
    expect(await front.exited).toEqual({ code, signal: null });
    if (code !== 0) expect(front.stderr).toContain(`${join(folder, 'server.sock')}, has ${bytes} bytes`);
  });

  test('with something else than a socket in its place keeps that, and refuses', async () => {
    const home = newHome();
    const path = join(home, 'server.sock');
    writeFileSync(path, 'notes of mine');
    const script = (await Release.create(await fixture('load-server.cjs'))).script;
    const front = spawnFront({ script, home, args: ['--name', 'server', '--port', String(await freePort())] });
    expect(await front.exited).toEqual({ code: 3, signal: null });
    expect(front.stderr).toMatch(/server\.sock: something else is there/);
    expect(readFileSync(path, 'utf8')).toBe('notes of mine');
  });

  test.runIf(IS_ROOT)(
    `of another user is refused${IS_ROOT ? '' : ' (left out: only root can give a folder away)'}`,
    async () => {
      const home = newHome();
      const { chown } = await import('node:fs/promises');
      await chown(home, 65_534, 65_534);
      const script = (await Release.create(await fixture('load-server.cjs'))).script;
      const front = spawnFront({ script, home, args: ['--port', String(await freePort())] });
      expect(await front.exited).toEqual({ code: 3, signal: null });
      expect(front.stderr).toMatch(/belongs to the user 65534/);
    },
  );
});

/** What comes back for bytes that are written to the control socket. */
async function said(front: Front, bytes: string): Promise<string> {
  const socket = connect(join(front.home, 'server.sock')).setEncoding('latin1');
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.on('data', (text: string) => (answer += text)).on('error', () => {});
  socket.end(bytes, 'latin1');
  await once(socket, 'close');
  return answer;
}

const HEAD = 'HTTP/1.1\r\nHost: a\r\nConnection: close\r\n';

test('nonsense at the control socket has no effect', async () => {
  const { front } = await serve();
  const answers: readonly (readonly [string, RegExp])[] = [
    ['\0\x01nonsense\r\n\r\n', /^HTTP\/1\.1 400/],
    [`GET /nowhere ${HEAD}\r\n`, /^HTTP\/1\.1 404/],
    [`GET constructor ${HEAD}\r\n`, /^HTTP\/1\.1 4/],
    [`GET /stop ${HEAD}\r\n`, /^HTTP\/1\.1 405[^]*Allow: POST/],
    [`POST /scale ${HEAD}Content-Length: 1\r\n\r\n{`, /^HTTP\/1\.1 400/],
    [`POST /stop ${HEAD}Content-Length: 10\r\n\r\n{`, /^$|^HTTP\/1\.1 400/],
    [`POST /scale ${HEAD}Content-Length: 100000\r\n\r\n${'a'.repeat(100_000)}`, /^HTTP\/1\.1 400/],
  ];
  for (const [bytes, answer] of answers) expect(await said(front, bytes), bytes.slice(0, 80)).toMatch(answer);
  expect(await machine(front, 'status')).toMatchObject({ state: 'serving', generation: 1, pid: front.pid });
});
