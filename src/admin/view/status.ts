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
  readonly vacancies?: readonly VacancyStatus[];
  readonly reloads: { readonly done: number; readonly failed: number; readonly lastError: string | null };
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

/** A place whose worker has crashed and is to be started anew. */
export interface VacancyStatus {
  readonly slot: number;
  readonly generation: number;
  readonly restarts: number;
  readonly isCrashLooping: boolean;
  readonly remainingMs: number;
  readonly reason?: string;
}

type Figures = 'memoryBytes' | 'uptimeMs';

/** A worker; or, in the state `waiting`, a place without one, of which there is less to tell. */
export type Place = Omit<WorkerStatus, Figures> & Partial<Pick<WorkerStatus, Figures>>;

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

/** Whether somebody can ask it something; while it starts, nobody knows. */
export const hasPorts = ({ listeners, generation }: Status) => listeners.length > 0 || generation === 0;

export const inFlightOf = ({ workers }: Pick<Status, 'workers'>) =>
  workers.reduce((sum, { inFlight = 0 }) => sum + inFlight, 0);

/** Each process, and each place without one. */
export const placesOf = ({ workers, vacancies = [] }: Pick<Status, 'workers' | 'vacancies'>): readonly Place[] => [
  ...workers,
  ...vacancies.map((vacancy) => ({ ...vacancy, state: 'waiting' })),
];

/** How a place is, in a word. What an exited worker has left behind is yet to end; how its place is, its successor shows. */
export function wordFor({ state, isAiling = false, isCrashLooping = false }: Place): string {
  if (state === 'exited') return state;
  return isCrashLooping ? 'crash loop' : isAiling ? 'ailing' : state;
}

/** The places that are to get work: of the generation that serves, of all that do, or of the one that starts first. */
export const wantedOf = (status: Status): readonly Place[] =>
  placesOf(status).filter(
    ({ generation, state }) =>
      state !== 'exited' && (generation === status.generation || status.state === 'mixed' || status.generation === 0),
  );

/** How many those are: a worker and the successor that replaces it have one. */
export const wantedCount = (status: Status): number =>
  new Set(wantedOf(status).map(({ generation, slot }) => `${generation}.${slot}`)).size;

/** The workers that get work. */
export const readyOf = (status: Status) => wantedOf(status).filter(({ state }) => state === 'ready');

/** Whether there is nobody to do the work, though there should be: what /healthz calls `no worker ready`. */
export const isDown = (status: Status) => !NOT_SERVING.has(status.state) && readyOf(status).length === 0;

const NOT_SERVING: ReadonlySet<string> = new Set(['new', 'starting', 'stopping', 'stopped']);

/** How an instance is, in a word: one without a ready worker still says of itself that it is serving. */
export const conditionOf = (status: Status) => (isDown(status) ? 'no worker ready' : status.state);
