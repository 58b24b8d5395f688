import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asked } from '../kit/control.ts';
import { descriptorsOf } from '../kit/descriptors.ts';
import type { Random } from '../kit/random.ts';
import { serve } from '../kit/verb-scene.ts';
import { httpNoise } from './http-noise.ts';
import { NOISE_MS, makeNoise, untouched } from './noise.ts';

/** Where there is something to be had, or done. */
const ROUTES = [
  '/status',
  '/events',
  '/logs',
  '/metrics',
  '/reload',
  '/scale',
  '/pause',
  '/resume',
  '/rollback',
  '/stop',
];
const METHODS_WITHOUT_RIGHT = [
  'GET',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'CONNECT',
  'post',
  'M-SEARCH',
];
/** Far enough from the routes that no byte that goes wrong makes one of them. */
const NO_ROUTES = [
  '/stopping',
  '/reload/now',
  '/SCALE',
  '//pause//',
  '/roll/back',
  '/a/../b/../stop/..',
  '/',
  '*',
  'stop:80',
];
/** A heap that is collected in time: one that may grow does so for a minute of noise, leak or not. */
const SMALL_HEAP = ['--max-semi-space-size=1', '--max-old-space-size=48'];
/** All that was sent would be more. */
const MAX_GROWTH = 24 * 2 ** 20;

const draw = (random: Random) =>
  random.below(2) === 0
    ? httpNoise(random, ROUTES, { methods: METHODS_WITHOUT_RIGHT })
    : httpNoise(random, NO_ROUTES, { methods: ['POST'] });

test(
  'noise at the control socket has no effect, and leaves nothing behind',
  { timeout: NOISE_MS + 60_000 },
  async () => {
    const { front } = await serve({ args: ['--workers', '1', '--log-level', 'debug'], nodeArgs: SMALL_HEAP });
    const open = () => Object.values(descriptorsOf(front.pid)).reduce((sum, count) => sum + count, 0);
    const isUntouched = untouched(front, open, MAX_GROWTH);
    expect(await makeNoise(join(front.home, 'server.sock'), draw)).toBeGreaterThan(100);
    await isUntouched(await asked(front.home, 'GET /status'));
  },
);

test('what is spoken well at the control socket has its effect', async () => {
  const { front } = await serve({ args: ['--workers', '1'] });
  expect(await asked(front.home, 'POST /scale', { workers: '+1' })).toEqual({ workers: 2 });
  expect(await asked(front.home, 'POST /stop')).toEqual({ stopping: true });
  expect(await front.exited).toEqual({ code: 0, signal: null });
});
