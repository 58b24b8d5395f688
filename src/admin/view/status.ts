/** What the page reads of the status; what an older or another front does not tell is left out. */
export interface Status {
  readonly name: string;
  readonly pid: number;
  readonly version: string;
  readonly state: string;
  readonly uptimeMs: number;
  readonly generation: number;
  readonly listeners: readonly ListenerStatus[];
  readonly workers: readonly WorkerStatus[];
  readonly reloads: { readonly done: number; readonly failed: number; readonly lastError?: string };
  readonly requests?: Requests;
  readonly latency?: Latency;
  readonly frontLoopDelayMs?: number;
  /** Of what the operator has paused. */
  readonly pause?: { readonly held: number; readonly inFlight: number; readonly remainingMs: number };
}

export interface ListenerStatus {
  readonly port: number;
  readonly mode: string;
  readonly addresses: readonly string[];
  readonly connections: number;
}

export interface WorkerStatus {
  readonly slot: number;
  readonly pid?: number | undefined;
  readonly generation: number;
  readonly state: string;
  readonly restarts: number;
  readonly memoryBytes: number;
  readonly uptimeMs: number;
  readonly isAiling?: boolean;
  readonly isCrashLooping?: boolean;
  readonly inFlight?: number;
  readonly requests?: number;
  readonly loopDelayMs?: number;
  /** 1 is all of one core. */
  readonly cpu?: number;
}

/** Since the start. */
export interface Requests {
  readonly total: number;
  readonly failed: number;
  readonly retried: number;
  readonly held: number;
}

/** How long requests took, since the start: how many up to each bound, the last of those beyond all. */
export interface Latency {
  readonly boundsMs: readonly number[];
  readonly counts: readonly number[];
}

export const inFlightOf = ({ workers }: Status) => workers.reduce((sum, { inFlight = 0 }) => sum + inFlight, 0);

/** The workers that get work. */
export const readyOf = ({ workers, generation, state }: Status) =>
  workers.filter((worker) => worker.state === 'ready' && (worker.generation === generation || state === 'mixed'));
