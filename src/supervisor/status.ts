import type { Load } from './data-path.js';
import type { Generation } from './generation.js';
import type { Vacancy } from './slot.js';
import type { SupervisorState } from './supervisor.js';
import type { Worker, WorkerState } from './worker.js';

export interface WorkerStatus extends Load {
  readonly slot: number;
  readonly pid: number | undefined;
  readonly generation: number;
  readonly state: WorkerState;
  /** How often this slot of this generation was refilled after a crash. */
  readonly restarts: number;
  /** Its slot crashes again and again. */
  readonly isCrashLooping: boolean;
  /** It fails its health probes, or its event loop is blocked. */
  readonly isAiling: boolean;
  /** Resident memory, as its agent said last; 0 before. */
  readonly memoryBytes: number;
  /** The longest that its event loop was late within a second, as its agent said last; absent where there is none. */
  readonly loopDelayMs?: number;
  /** How much of one core it used over that second: 1 is all of it; absent where there is no agent. */
  readonly cpu?: number;
  /** Processor time since it was started. */
  readonly cpuSeconds?: number;
  readonly uptimeMs: number;
  /** The private side of its first public port: `127.0.0.1:40123`, or the path of a Unix socket; null while it has opened none. */
  readonly address: string | null;
}

export interface VacancyStatus extends Vacancy {
  readonly generation: number;
}

export interface ReloadsStatus {
  readonly done: number;
  readonly failed: number;
  /** Why the last one that failed did; null where none has. */
  readonly lastError: string | null;
}

export interface SupervisorStatus {
  /** `mixed` after a reload in batches that stopped half way. */
  readonly state: SupervisorState | 'mixed';
  /** The newest serving generation; 0 before there is one. */
  readonly generation: number;
  readonly workers: readonly WorkerStatus[];
  /** Places of workers that are to be started anew, but not yet. */
  readonly vacancies: readonly VacancyStatus[];
  readonly reloads: ReloadsStatus;
}

/** The processes of some generations, the oldest generation first, by slot. */
export function workersOf(
  generations: Iterable<Generation>,
  loadOf: (worker: Worker) => Load,
): readonly WorkerStatus[] {
  return [...generations].flatMap((generation) =>
    generation.workers
      .toSorted((one, other) => one.slot - other.slot)
      .map((worker) => statusOf(worker, { ...generation.conditionOf(worker), ...loadOf(worker) })),
  );
}

/** The places of some generations that are empty, the oldest generation first, by slot. */
export function vacanciesOf(generations: Iterable<Generation>): readonly VacancyStatus[] {
  return [...generations].flatMap(({ number, vacancies }) =>
    vacancies.map(({ slot, ...vacancy }) => ({ slot, generation: number, ...vacancy })),
  );
}

function statusOf(worker: Worker, condition: ReturnType<Generation['conditionOf']> & Load): WorkerStatus {
  const { slot, pid, generation, state } = worker;
  const uptimeMs = Math.round(worker.uptimeMs);
  const { memoryBytes = 0, loopDelayMs = 0, cpu, cpuSeconds } = worker.vitals ?? {};
  return {
    slot,
    pid,
    generation,
    state,
    ...condition,
    memoryBytes,
    ...(cpu !== undefined && cpuSeconds !== undefined && { loopDelayMs, cpu, cpuSeconds }),
    uptimeMs,
    address: addressOf(worker),
  };
}

function addressOf(worker: Worker): string | null {
  const [door] = worker.doors.values();
  if (door === undefined) return null;
  return 'path' in door.address ? door.address.path : `127.0.0.1:${door.address.port}`;
}
