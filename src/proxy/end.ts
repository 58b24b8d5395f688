import type { Refusal } from './balancer.js';

/**
 * How a request ended, or a connection in tcp mode:
 *
 * - `complete`: it was answered whole, whatever the status; a connection or a tunnel was closed by one of its ends
 * - `handed-over`: the connection is the worker's own (`--backend cluster`)
 * - `client-left`: its client went before the answer was whole, or before the request was
 * - `worker-lost`, `worker-malformed`: its worker ended, or sent what is no HTTP: 502, or cut short
 * - `worker-unreachable`: no worker could be connected to: 502
 * - `exhausted`: nor could any be tried, since this machine has no more files or ports for it: 503
 * - `retired`: it lasted (a tunnel, a stream of events, a connection), and its worker was about to stop
 * - `stopped`: zdlb was stopped at once
 * - `timeout-…`: what was waited for in vain: the rest of the head or of the body (408), a worker's acceptance (502) or
 *   answer (504), a free worker (503), a byte on a tunnel or a connection
 * - `refused-busy`: too many waited for a worker already (503)
 * - `refused-<status>`: what the client sent may not be passed on
 */
export type End =
  | 'complete'
  | 'handed-over'
  | 'client-left'
  | 'worker-lost'
  | 'worker-malformed'
  | 'worker-unreachable'
  | 'exhausted'
  | 'retired'
  | 'stopped'
  | `timeout-${'head' | 'body' | 'connect' | 'response' | 'hold' | 'idle'}`
  | 'refused-busy'
  | RefusedEnd;

type RefusedEnd = `refused-${400 | 413 | 414 | 417 | 431 | 501 | 505}`;

/** Those for which the worker that had it last is to blame. */
const BY_WORKER: readonly End[] = [
  'worker-lost',
  'worker-malformed',
  'worker-unreachable',
  'timeout-connect',
  'timeout-response',
];

/** Those for which worker or zdlb are to blame, also where no answer says so any more. */
const FAULTS: ReadonlySet<End> = new Set([...BY_WORKER, 'exhausted', 'stopped', 'timeout-hold', 'refused-busy']);

/** What a client asks for that nobody here does is its own mistake. */
const REFUSED_BY_5XX: ReadonlySet<End> = new Set(['refused-501', 'refused-505']);

/** Whether the worker owed the answer that the front gives in its place. */
export const isOwed = (end: End): boolean => BY_WORKER.includes(end);

/** Whether who asked has got no answer, or a 5xx one, or only a part, by no fault of its own. RFC 9110 15: 600 and above is like 5xx. */
export function isFailure(end: End, status: number): boolean {
  return FAULTS.has(end) || (status >= 500 && !REFUSED_BY_5XX.has(end));
}

const STATUSES: Partial<Record<End, number>> = {
  exhausted: 503,
  stopped: 503,
  'refused-busy': 503,
  'timeout-hold': 503,
  'timeout-head': 408,
  'timeout-body': 408,
  'timeout-response': 504,
};

/** What a client is told whose request ends like that before a byte of an answer. */
export function statusOf(end: End): number {
  return STATUSES[end] ?? Number(/^refused-(\d+)$/.exec(end)?.[1] ?? 502);
}

/** The end of what no worker had room for. */
export const refusedFor = (why: Refusal): End => REFUSALS[why];

const REFUSALS: Readonly<Record<Refusal, End>> = { full: 'refused-busy', late: 'timeout-hold', closed: 'stopped' };

/** The end of what is refused with one of the statuses that a client's own mistakes have. */
export function refusedWith(status: number): End {
  return status === 408 ? 'timeout-head' : (`refused-${status}` as RefusedEnd);
}
