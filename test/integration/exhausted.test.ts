import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ask } from '../kit/admin.ts';
import { freePort } from '../kit/free-port.ts';
import { type Front, startFront } from '../kit/front.ts';
import { ENGINES } from '../kit/relay.js';
import { fixture, Release } from '../kit/release.ts';
import { dial } from '../kit/wire.js';

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** How many files `front` may open from now on. Those that are open stay, and so does the hard limit. */
function bound(front: Front, files: number): void {
  execFileSync('prlimit', ['--pid', String(front.pid), `--nofile=${files}:`]);
}

/** The lowest descriptor that is free, which is the next one to be given away. */
function nextFile({ pid }: Front): number {
  const open = new Set(readdirSync(`/proc/${pid}/fd`));
  for (let file = 0; ; file++) if (!open.has(String(file))) return file;
}

async function serve(...args: readonly string[]) {
  const { script } = await Release.create(await fixture('load-server.cjs'));
  const front = await startFront({ script, args: ['--workers', '1', ...args] });
  return { front, client: async () => dial(front.port) };
}

test.runIf(process.platform === 'linux').for(ENGINES)(
  'by the %s, who needs a file when none is left gets 503, who has one goes on, and the worker is not blamed',
  async (engine) => {
    const { front, client } = await serve('--http-engine', engine, '--access-log', 'on');
    const [first, second] = [await client(), await client()];
    for (const one of [first, second]) {
      one.send(get('/now/before'));
      await one.gets('before');
    }
    first.send(get('/stream/long/10'));
    await first.gets('long\n'); // has the only connection to the worker
    bound(front, 1);
    second.send(get('/now/meanwhile'));
    expect(await second.gets('503 ')).toMatch(/before[^]*HTTP\/1.1 503 /);
    expect(await front.event('access', ({ target }) => target === '/now/meanwhile')).toMatchObject({
      status: 503,
      end: 'exhausted',
      retries: 4,
      slot: 0,
    });
    bound(front, 1_024);
    const third = await client();
    third.send(get('/now/after'));
    expect(await third.gets('after')).toMatch(/^HTTP\/1.1 200 /); // at once: nobody is shunned
    expect(await front.event('access', ({ target }) => target === '/now/after')).toMatchObject({ heldMs: 0 });
    expect(await first.gets('\n10\n')).toMatch(/HTTP\/1.1 200 [^]*HTTP\/1.1 200 /);
    expect(await front.event('access', ({ target }) => target === '/stream/long/10')).toMatchObject({
      end: 'complete',
    });
  },
);

test.runIf(process.platform === 'linux')(
  'in tcp mode, a connection that takes the last file ends as exhausted, which is no fault of its client',
  async () => {
    const admin = await freePort();
    const { front, client } = await serve('--mode', 'tcp', '--admin', `127.0.0.1:${admin}`);
    bound(front, nextFile(front) + 1);
    const last = await client();
    await last.ends();
    bound(front, 1_024);
    const { body } = await ask(admin, '/metrics');
    expect(body).toMatch(/^zdlb_connections_total\{outcome="exhausted",generation="1"\} 1$/m);
    expect(body.match(/^zdlb_connections_total/gm)).toHaveLength(1);
    const { body: status } = await ask(admin, '/status');
    expect(JSON.parse(status)).toMatchObject({ requests: { total: 1, failed: 1, retried: 1, held: 0 } });
  },
);
