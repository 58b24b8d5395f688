import { expect, test } from 'vitest';
import { Census } from '../../../src/census.js';
import { workerFamilies } from '../../../src/instance/metrics/worker-families.js';
import type { WorkerStatus } from '../../../src/supervisor/status.js';

/** One of the workers of slot 0 of generation 1. */
const worker = (state: WorkerStatus['state'], uptimeMs: number, requests: number) =>
  ({ slot: 0, generation: 1, state, uptimeMs, requests }) as WorkerStatus;

/** What is told to have been given to the worker of that place. */
const told = (...workers: readonly WorkerStatus[]) =>
  workerFamilies(workers, new Census())
    .find(({ name }) => name === 'zdlb_worker_requests_total')!
    .values.map(({ value }) => value);

test('of a worker and its successor one counts: the successor, as soon as it is ready', () => {
  const former = worker('ready', 9_000, 500);
  expect(told(former)).toEqual([500]);
  expect(told(former, worker('starting', 10, 0))).toEqual([500]);
  expect(told(former, worker('ready', 20, 3))).toEqual([3]);
  expect(told(worker('draining', 9_020, 500), worker('ready', 30, 3))).toEqual([3]);
  expect(told(worker('draining', 9_040, 500), worker('starting', 5, 0))).toEqual([0]);
});
