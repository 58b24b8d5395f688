import { expect, test } from 'vitest';
import { ask } from '../kit/admin.ts';
import { descriptorsOf } from '../kit/descriptors.ts';
import { freePort } from '../kit/free-port.ts';
import { startFront } from '../kit/front.ts';
import type { Random } from '../kit/random.ts';
import { fixture, Release } from '../kit/release.ts';
import { httpNoise } from './http-noise.ts';
import { NOISE_MS, makeNoise, untouched } from './noise.ts';

const PATHS = ['/', '/status', '/events', '/healthz', '/metrics', '/history', '/reload', '/stop', '/scale', '/logs'];
const HOSTS = ['localhost', '127.0.0.1', 'evil.example', '[::1]:9000', '', 'a b'];
/** A heap that may grow is cleaned late: bounded, it tells a leak from that, by ending the front if need be. */
const BOUNDED = ['--max-old-space-size=40'];
const MAX_GROWTH = 48 * 2 ** 20;

const draw = (random: Random) => httpNoise(random, PATHS, { hosts: HOSTS });

test('noise at the admin port has no effect, and leaves nothing behind', { timeout: NOISE_MS + 60_000 }, async () => {
  const release = await Release.create(await fixture('load-server.cjs'));
  const admin = await freePort();
  const front = await startFront({
    script: release.script,
    nodeArgs: BOUNDED,
    args: ['--workers', '1', '--admin', `127.0.0.1:${admin}`],
  });
  const sockets = () => descriptorsOf(front.pid)['TCP connected'] ?? 0;
  await ask(admin, '/status');
  await expect.poll(sockets).toBeLessThanOrEqual(1);
  const isUntouched = untouched(front, sockets, MAX_GROWTH);
  expect(await makeNoise(admin, draw)).toBeGreaterThan(100);
  const { body } = await ask(admin, '/status');
  await isUntouched(JSON.parse(body));
});
