import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Front } from '../kit/front.ts';
import { memoryOf } from '../kit/memory.ts';
import { Random, SEED } from '../kit/random.ts';

/** How long noise is made: a moment, or `ZDLB_TEST_NOISE` seconds. */
export const NOISE_MS = Number(process.env['ZDLB_TEST_NOISE'] ?? 1) * 1_000;
const LANES = 8;
/** Nobody waits for an answer that may never come. */
const PATIENCE_MS = 50;

/** Makes noise at a port of 127.0.0.1, or a Unix socket, until the time is up; resolves with how many connections it took. */
export async function makeNoise(place: number | string, draw: (random: Random) => Buffer): Promise<number> {
  if (process.env['ZDLB_TEST_NOISE'] !== undefined) console.log(`${NOISE_MS} ms of noise, ZDLB_TEST_SEED=${SEED}`);
  const random = new Random(SEED);
  const end = performance.now() + NOISE_MS;
  let connections = 0;
  const lane = async () => {
    for (; performance.now() < end; connections++) await visit(place, draw(random), random.below(4) === 0);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return connections;
}

async function visit(place: number | string, bytes: Buffer, isRude: boolean): Promise<void> {
  const socket = typeof place === 'string' ? connect(place) : connect(place, '127.0.0.1');
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  socket.on('error', () => {}).resume();
  if (isRude) socket.write(bytes, () => socket.destroy());
  else socket.end(bytes);
  await Promise.race([closed, pause(PATIENCE_MS)]);
  if (!socket.destroyed) socket.destroy();
  if (!socket.closed) await once(socket, 'close');
}

/** What a front of one worker was before the noise; the result says that it is the same behind it. */
export function untouched(front: Front, open: () => number, maxGrowth: number): (status: unknown) => Promise<void> {
  const before = { descriptors: open(), memory: memoryOf(front.pid).now, mark: front.mark() };
  return async (status) => {
    expect(status).toMatchObject({
      pid: front.pid,
      state: 'serving',
      generation: 1,
      workers: [{ slot: 0, pid: front.workers(1).get(0), state: 'ready', restarts: 0 }],
      reloads: { done: 0, failed: 0, lastError: null },
    });
    expect(front.entries.slice(before.mark)).toEqual([]);
    expect(front.stderr).toBe('');
    await expect.poll(open, { timeout: 20_000 }).toBeLessThanOrEqual(before.descriptors);
    expect(memoryOf(front.pid).now - before.memory).toBeLessThan(maxGrowth);
  };
}
