import type { Census, ExitReason } from '../../census.js';
import type { WorkerStatus } from '../../supervisor/status.js';
import type { WorkerState } from '../../supervisor/worker.js';
import { type Family, type Sample, counter, each, gauge, seconds } from './family.js';

const STATES: readonly WorkerState[] = ['starting', 'ready', 'draining', 'stopping', 'exited'];
const REASONS: readonly ExitReason[] = ['stopped', 'killed', 'crashed', 'failed'];

const secondsOf = (ms: number | undefined) => (ms === undefined ? undefined : seconds(ms));

/** What is told of each worker: how, by what name, what it means, and what it is; undefined where that is not known. */
const OF_EACH: readonly (readonly [typeof gauge, string, string, (worker: WorkerStatus) => number | undefined])[] = [
  [
    gauge,
    'zdlb_worker_in_flight',
    'Requests that a worker holds; connections in tcp mode.',
    ({ inFlight }) => inFlight,
  ],
  [
    counter,
    'zdlb_worker_requests_total',
    'Requests that a worker was given; connections in tcp mode.',
    ({ requests }) => requests,
  ],
  [gauge, 'zdlb_worker_memory_bytes', 'Resident memory of a worker.', ({ memoryBytes }) => memoryBytes],
  [counter, 'zdlb_worker_cpu_seconds_total', 'Processor time of a worker.', ({ cpuSeconds }) => cpuSeconds],
  [
    gauge,
    'zdlb_worker_event_loop_delay_seconds',
    "The longest that a worker's event loop was late within a second.",
    ({ loopDelayMs }) => secondsOf(loopDelayMs),
  ],
];

/** What the workers are at, by slot and generation: so many series as there are workers, and no more. */
export function workerFamilies(workers: readonly WorkerStatus[], census: Census): readonly Family[] {
  const holders = holdersAmong(workers);
  const replaced = 'Workers that were replaced while they ran, by what was wrong with them.';
  return [
    gauge('zdlb_workers', 'Worker processes, by state.', statesOf(workers)),
    counter('zdlb_worker_starts_total', 'Worker processes that were started.', census.starts),
    counter('zdlb_worker_exits_total', 'Worker processes that have ended, by reason.', exitsIn(census)),
    counter('zdlb_worker_replacements_total', replaced, replacementsIn(census)),
    ...OF_EACH.map(([kind, name, help, valueOf]) => kind(name, help, bySlot(holders, valueOf))),
  ];
}

const bySlot = (
  workers: readonly WorkerStatus[],
  valueOf: (worker: WorkerStatus) => number | undefined,
): readonly Sample[] =>
  workers.flatMap((worker) => {
    const value = valueOf(worker);
    return value === undefined ? [] : [{ labels: { slot: worker.slot, generation: worker.generation }, value }];
  });

/**
 * A worker and the successor that replaces it have one slot of one generation for a while: the younger one counts once it is
 * ready. Before that it may fail, and counters that fell to its zero and came back would look like so much new work.
 */
function holdersAmong(workers: readonly WorkerStatus[]): readonly WorkerStatus[] {
  const byPlace = new Map<string, WorkerStatus>();
  for (const worker of workers.toSorted(
    (one, other) => readiness(one) - readiness(other) || other.uptimeMs - one.uptimeMs,
  ))
    byPlace.set(`${worker.generation}.${worker.slot}`, worker);
  return [...byPlace.values()];
}

const statesOf = (workers: readonly WorkerStatus[]) =>
  each(
    STATES,
    (state) => ({ state }),
    (state) => workers.filter((worker) => worker.state === state).length,
  );

const exitsIn = ({ exits }: Census) =>
  each(
    REASONS,
    (reason) => ({ reason }),
    (reason) => exits.get(reason) ?? 0,
  );

const replacementsIn = ({ replacements }: Census) =>
  each(
    replacements,
    ([reason]) => ({ reason }),
    ([, count]) => count,
  );

const readiness = ({ state }: WorkerStatus) => Number(state === 'ready');
