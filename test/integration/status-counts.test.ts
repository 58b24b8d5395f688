import { expect, test } from 'vitest';
import { startFront } from '../kit/front.ts';
import { fixture, Release } from '../kit/release.ts';
import { zdlb } from '../kit/verb.ts';

interface Status {
  readonly requests: { readonly total: number };
  readonly latency: { readonly boundsMs: number[]; readonly counts: number[]; readonly sumMs: number };
  readonly workers: readonly { readonly requests: number; readonly cpu?: number }[];
}

test('zdlb status counts what clients asked for, to the last request', async () => {
  const release = await Release.create(await fixture('load-server.cjs'));
  const front = await startFront({ script: release.script });
  const status = async () => JSON.parse((await zdlb(['status', '--json'], front)).stdout) as Status;
  for (let i = 0; i < 7; i++) await (await fetch(`http://127.0.0.1:${front.port}/now/x`)).text();
  // The agents tell their vitals once a second.
  await expect.poll(status, { timeout: 10_000 }).toMatchObject({
    requests: { total: 7, failed: 0, retried: 0, held: 0 },
    frontLoopDelayMs: expect.any(Number) as number,
    workers: [0, 1].map((slot) => ({
      slot,
      inFlight: 0,
      requests: expect.any(Number) as number,
      loopDelayMs: expect.any(Number) as number,
      cpu: expect.any(Number) as number,
    })),
  });
  const { workers, latency } = await status();
  expect(workers.map(({ requests }) => requests).toSorted((one, other) => one - other)).toEqual([3, 4]);
  expect(latency.counts).toHaveLength(latency.boundsMs.length + 1);
  expect(latency.counts.reduce((sum, count) => sum + count)).toBe(7);
  expect(latency.sumMs).toBeGreaterThan(0);
});
