import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ask } from '../kit/admin.ts';
import { temporaryFolder } from '../kit/folder.ts';
import { freePort } from '../kit/free-port.ts';
import { startFront } from '../kit/front.ts';
import { readMetrics } from '../kit/prometheus.ts';
import { zdlb } from '../kit/verb.ts';
import { dial } from '../kit/wire.ts';

/** Answers as it is asked to; the first that is asked for /die dies. */
const PROGRAM = `
  const { unlinkSync } = require('node:fs');
  require('node:http').createServer((request, response) => {
    if (request.url === '/die') {
      try {
        unlinkSync(process.env.FUSE);
        return process.kill(process.pid, 'SIGKILL');
      } catch {}
    }
    response.statusCode = Number(/\\d+/.exec(request.url) ?? 200);
    response.end('ok');
  }).listen(process.env.PORT);
`;

async function serve() {
  const folder = temporaryFolder();
  const script = join(folder, 'server.js');
  writeFileSync(script, PROGRAM);
  const FUSE = join(folder, 'fuse');
  writeFileSync(FUSE, '');
  const admin = await freePort();
  const args = ['--admin', `127.0.0.1:${admin}`, '--name', 'api', '--access-log', '/dev/null'];
  const front = await startFront({ script, args, env: { FUSE } });
  return { front, port: front.port, admin };
}

/** What is told at the control socket. */
async function scrape({ home }: { readonly home: string }) {
  const asking = request({ socketPath: join(home, 'api.sock'), path: '/metrics', agent: false }).end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  const metrics = readMetrics(await text(response));
  const all = Object.fromEntries([...metrics.values()].flatMap(({ samples }) => Array.from(samples)));
  return { metrics, all };
}

test('the metrics agree with what was asked for, to the last request', async () => {
  const { front, port, admin } = await serve();
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  for (let i = 0; i < 5; i++) await get('/');
  for (let i = 0; i < 2; i++) await get('/500');
  await get('/404');
  await get('/die');
  const client = await dial(port);
  client.send('nonsense\r\n\r\n');
  await client.ends();
  await front.event('worker.exited');

  const { all, metrics } = await scrape(front);
  expect(all).toMatchObject({
    'zdlb_info{name="api",version="0.1.0"}': 1,
    zdlb_generation: 1,
    'zdlb_requests_total{outcome="complete",generation="1"}': 9,
    'zdlb_requests_total{outcome="refused-400",generation="none"}': 1,
    'zdlb_responses_total{class="2xx",generation="1"}': 6,
    'zdlb_responses_total{class="4xx",generation="1"}': 1,
    'zdlb_responses_total{class="5xx",generation="1"}': 2,
    'zdlb_responses_total{class="4xx",generation="none"}': 1,
    zdlb_requests_failed_total: 2,
    zdlb_requests_in_flight: 0,
    zdlb_request_duration_seconds_count: 10,
    zdlb_request_first_byte_seconds_count: 10,
    zdlb_request_held_seconds_count: 0,
    zdlb_retries_total: 1,
    'zdlb_worker_exits_total{reason="crashed"}': 1,
    'zdlb_reloads_total{result="done"}': 0,
  });
  expect(all['zdlb_request_duration_seconds_sum']).toBeLessThan(10);
  expect(metrics.get('zdlb_worker_memory_bytes')!.samples.size).toBe(2);

  await expect
    .poll(() => front.entries.filter(({ event }) => event === 'worker.ready').length, { timeout: 10_000 })
    .toBe(3);
  expect(await zdlb(['reload', '--wait-retired'], front)).toMatchObject({ code: 0 });
  await get('/');
  const { all: later } = await scrape(front);
  expect(later).toMatchObject({
    zdlb_generation: 2,
    'zdlb_requests_total{outcome="complete",generation="1"}': 9,
    'zdlb_requests_total{outcome="complete",generation="2"}': 1,
    'zdlb_reloads_total{result="done"}': 1,
    zdlb_reload_duration_seconds_count: 1,
    'zdlb_worker_exits_total{reason="crashed"}': 1,
    'zdlb_worker_exits_total{reason="stopped"}': 2,
    zdlb_worker_starts_total: 5,
    'zdlb_workers{state="ready"}': 2,
  });
  const shown = await ask(admin, '/metrics');
  expect(shown.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect([...readMetrics(shown.body).keys()]).toEqual([...metrics.keys()]);
  const docs = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const told = new Set(Array.from(docs.matchAll(/^\| `(\w+)` /gm), ([, name]) => name!));
  expect(told).toEqual(new Set(metrics.keys()));
});
