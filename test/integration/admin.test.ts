import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ask } from '../kit/admin.ts';
import { temporaryFolder } from '../kit/folder.ts';
import { type Front, type FrontOptions, spawnFront, startFront } from '../kit/front.ts';
import { freePort } from '../kit/free-port.ts';
import { fixture, Release } from '../kit/release.ts';
import { SECRET, tokenFile } from '../kit/token-file.ts';
import { zdlb } from '../kit/verb.ts';

interface Scene {
  readonly front: Front;
  readonly release: Release;
  /** The admin port. */
  readonly admin: number;
}

/** A front with one worker and a status page. */
async function serve(options: Partial<FrontOptions> = {}, host = '127.0.0.1'): Promise<Scene> {
  const release = await Release.create(await fixture('load-server.cjs'));
  const admin = await freePort();
  const args = ['--workers', '1', '--admin', `${host}:${admin}`, ...(options.args ?? [])];
  return { front: await startFront({ script: release.script, ...options, args }), release, admin };
}

describe('the admin port', () => {
  test('shows the status that zdlb status shows, and refuses whatever is no look', async () => {
    const { front, admin } = await serve();
    const { status, headers, body } = await ask(admin, '/status');
    expect(status).toBe(200);
    const shown = JSON.parse((await zdlb(['status', '--json'], front)).stdout) as Record<string, unknown>;
    expect(JSON.parse(body)).toMatchObject({ name: shown['name'], pid: front.pid, state: 'serving', generation: 1 });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/) as string,
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();

    const head = await ask(admin, '/status', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(Number(head.headers['content-length'])).toBeGreaterThan(100);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH'])
      for (const path of ['/', '/status', '/reload', '/stop'])
        expect(await ask(admin, path, { method }), `${method} ${path}`).toMatchObject({
          status: 405,
          headers: { allow: 'GET, HEAD' },
        });
    for (const path of [
      '/reload',
      '/stop',
      '/logs',
      '/page/',
      '/page/tsconfig.json',
      '/page/../package.json',
      '/constructor',
      '//status',
      '/status/',
      '/../status',
      '*',
    ])
      expect(await ask(admin, path), path).toMatchObject({ status: 404 });
    expect(await ask(admin, '/status', { headers: { 'Content-Length': '2' } })).toMatchObject({ status: 413 });
    expect(await ask(admin, '/status?a=b')).toMatchObject({ status: 200 });
  });

  test('tells what zdlb does as it happens, and is bounded in to how many', { timeout: 60_000 }, async () => {
    const { front, admin } = await serve();
    const gone = new AbortController();
    onTestFinished(() => gone.abort());
    const open = () => fetch(`http://127.0.0.1:${admin}/events`, { signal: gone.signal });
    const answer = await open();
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    await front.reload();
    const decoder = new TextDecoder();
    let told = '';
    for await (const chunk of answer.body!) {
      told += decoder.decode(chunk as Uint8Array, { stream: true });
      if (told.includes('"event":"reload.done"')) break;
    }
    expect(told).toMatch(/^data: \{.*"event":"reload.started"/m);
    expect(told).not.toMatch(/worker\.output/);
    const statuses = await Promise.all(Array.from({ length: 40 }, async () => (await open()).status));
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(await ask(admin, '/healthz')).toMatchObject({ status: 200 });
  });

  test('is refused to whoever calls it by a foreign name', async () => {
    const { admin } = await serve();
    for (const path of ['/', '/status', '/events', '/healthz'])
      for (const Host of ['evil.example', `evil.example:${admin}`, 'localhost.evil.example'])
        expect(await ask(admin, path, { headers: { Host } }), `${path} ${Host}`).toMatchObject({ status: 421 });
    for (const Host of ['localhost', `localhost:${admin}`, `[::1]:${admin}`, '10.0.0.1'])
      expect(await ask(admin, '/status', { headers: { Host } }), Host).toMatchObject({ status: 200 });
  });

  test('wants the token, where there is one, for all but the health', async () => {
    const { front, admin } = await serve({ args: ['--admin-token-file', tokenFile()] }, '0.0.0.0');
    for (const path of ['/status', '/events', '/nowhere'])
      expect(await ask(admin, path), path).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': expect.stringMatching(/^Bearer/) as string },
      });
    expect(await ask(admin, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    const headers = { Authorization: `Bearer ${SECRET}` };
    expect(await ask(admin, '/status', { headers })).toMatchObject({ status: 200 });
    expect(await ask(admin, '/status', { headers: { Authorization: `Bearer ${SECRET}x` } })).toMatchObject({
      status: 401,
    });
    // A foreign page does not know it, so whoever does may come by any name.
    expect(await ask(admin, '/status', { headers: { ...headers, Host: 'ops.internal' } })).toMatchObject({
      status: 200,
    });
    expect(await ask(admin, '/healthz', { headers: { Host: 'evil.example' } })).toMatchObject({ status: 421 });
    expect(JSON.stringify(front.entries)).not.toContain(SECRET);
  });
});

const OTHER = 'another-horse-and-another-battery';
const as = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

describe('on SIGHUP', () => {
  test('the token is read anew: the former one is refused from then on, and who came in by it is cut off', async () => {
    const file = tokenFile();
    const { front, admin } = await serve({ args: ['--admin-token-file', file] });
    const events = await fetch(`http://127.0.0.1:${admin}/events`, as(SECRET));
    const cut = expect(events.text()).rejects.toThrow('terminated');
    writeFileSync(file, OTHER);
    expect(await ask(admin, '/status', as(OTHER))).toMatchObject({ status: 401 });
    front.signal('SIGHUP');
    await front.event('admin.token-renewed');
    expect(await ask(admin, '/status', as(SECRET))).toMatchObject({ status: 401 });
    expect(await ask(admin, '/status', as(OTHER))).toMatchObject({ status: 200 });
    await cut;
    await front.event('reload.done');
    expect(JSON.stringify(front.entries)).not.toContain(OTHER);
  });

  test('a token that is none, or not there, leaves the former one in force, and a warning says so', async () => {
    const file = tokenFile();
    const { front, admin } = await serve({ args: ['--admin-token-file', file] });
    const spoiled = [
      [() => writeFileSync(file, '\n'), /met nothing/],
      [() => rmSync(file), /no such file/],
    ] as const;
    for (const [spoil, says] of spoiled) {
      spoil();
      const since = front.mark();
      front.signal('SIGHUP');
      expect(await front.event('admin.token-kept', undefined, since)).toMatchObject({
        level: 40,
        msg: expect.stringMatching(says) as string,
      });
      await front.event('reload.done', undefined, since);
      expect(await ask(admin, '/status', as(SECRET))).toMatchObject({ status: 200 });
      expect(await ask(admin, '/status')).toMatchObject({ status: 401 });
    }
  });

  test('the token is read anew also where the configuration has mistakes', async () => {
    const file = tokenFile();
    const config = join(temporaryFolder(), 'zdlb.json');
    writeFileSync(config, '{}');
    const { front, admin } = await serve({ args: ['--config', config, '--admin-token-file', file] });
    writeFileSync(config, '{ "wokers": 2 }');
    writeFileSync(file, OTHER);
    front.signal('SIGHUP');
    await front.event('reload.failed');
    expect(await ask(admin, '/status', as(SECRET))).toMatchObject({ status: 401 });
    expect(await ask(admin, '/status', as(OTHER))).toMatchObject({ status: 200 });
  });
});

describe('/healthz', () => {
  test('is 503 while zdlb starts, 200 while it serves, and 503 while it stops', async () => {
    const release = await Release.create(await fixture('load-server.cjs'));
    const [port, admin] = [await freePort(), await freePort()];
    await release.deploy(1, 'setTimeout(() => {}, 60_000)');
    const waiting = spawnFront({
      script: release.script,
      args: ['--port', String(port), '--workers', '1', '--admin', `127.0.0.1:${admin}`],
    });
    await waiting.event('admin.listening');
    expect(await ask(admin, '/healthz')).toMatchObject({ status: 503, body: 'starting\n' });
    await waiting.kill();

    const { front, admin: other } = await serve();
    expect(await ask(other, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    const held = fetch(`http://127.0.0.1:${front.port}/slow/x`);
    await expect.poll(async () => (await ask(other, '/status')).body).toMatch(/"connections":1/);
    front.signal('SIGTERM');
    await front.event('stopping');
    expect(await ask(other, '/healthz')).toMatchObject({ status: 503, body: 'stopping\n' });
    expect((await held).status).toBe(200);
    expect(await front.exited).toEqual({ code: 0, signal: null });
  });

  test('is 503 while no worker is ready, and stays 200 through a reload and a failed one', async () => {
    const { front, release, admin } = await serve();
    const answers: number[] = [];
    const watching = new AbortController();
    const watch = (async () => {
      while (!watching.signal.aborted) answers.push((await ask(admin, '/healthz')).status);
    })();
    await release.deploy(2);
    expect(await front.reload()).toMatchObject({ event: 'reload.done' });
    await release.deployFixture('failing/throws-at-import.cjs');
    expect(await front.reload()).toMatchObject({ event: 'reload.failed' });
    watching.abort();
    await watch;
    expect(new Set(answers)).toEqual(new Set([200]));
    process.kill(front.workers(2).get(0)!, 'SIGKILL');
    await front.event('worker.exited', ({ pid }) => pid === front.workers(2).get(0));
    await expect.poll(async () => (await ask(admin, '/healthz')).body, { interval: 5 }).toBe('no worker ready\n');
    await expect.poll(async () => (await ask(admin, '/healthz')).status).toBe(200);
  });
});

/** How a front ends that can't start. */
async function failure(args: readonly string[]) {
  const release = await Release.create(await fixture('load-server.cjs'));
  const front = spawnFront({ script: release.script, args: ['--port', String(await freePort()), ...args] });
  const { code } = await front.exited;
  return { code, stderr: front.stderr };
}

describe('at the start', () => {
  test('an address that other machines reach is refused without a token', async () => {
    const { code, stderr } = await failure(['--admin', '0.0.0.0:9000']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/--admin-token-file/) as string });
  });

  test('a port that is taken ends it, and so does a token that is none', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const admin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await failure(['--admin', admin])).toEqual({
      code: 3,
      stderr: `zdlb: Cannot open --admin ${admin}: the port is taken. Stop what listens there, or choose another\n`,
    });
    const weak = ['--admin', `127.0.0.1:${await freePort()}`, '--admin-token-file', tokenFile('1234')];
    expect(await failure(weak)).toMatchObject({ code: 3, stderr: expect.stringMatching(/met 4 characters/) as string });
    expect(await zdlb(['check', ...weak, 'examples/server.js'])).toMatchObject({ code: 2 });
    const none = [...weak.slice(0, -1), '/nowhere/token'];
    expect(await failure(none)).toMatchObject({ code: 3, stderr: expect.stringMatching(/no such file/) as string });
  });
});
