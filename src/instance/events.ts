import type { Entry } from '../core/journal.js';

/** How grave it is, the least first; `debug` is what hardly anybody wants to read. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

/** What every event tells: its entry in the log. */
export interface Told {
  readonly level: Level;
  /** The entry in words. */
  readonly message: string;
}

interface OfWorker {
  readonly slot: number;
  readonly generation: number;
  /** Undefined when the system could not start it. */
  readonly pid: number | undefined;
}

interface OfGeneration {
  readonly generation: number;
}

/**
 * What an instance tells while it runs, by the names that stand in the log. Times are in milliseconds. The log has more; all of
 * them come as `entry`.
 */
export interface Events {
  /** A public address is open. */
  listening: { readonly port: number; readonly mode: 'http' | 'tcp'; readonly host?: string } | AtSocket;
  /** The first generation serves. */
  serving: { readonly pid: number; readonly workers: number };
  'worker.started': OfWorker;
  'worker.ready': OfWorker & { readonly ms: number };
  /** A line that it printed: the `message`. */
  'worker.output': OfWorker & { readonly stream: 'stdout' | 'stderr' };
  'worker.exited': OfWorker & {
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    /** What it was when it ended. */
    readonly state: 'starting' | 'ready' | 'draining' | 'stopping';
    /** Why, when it was not asked to. */
    readonly reason?: string;
  };
  'worker.restarting': { readonly slot: number; readonly delayMs: number };
  'worker.crash-looping': { readonly slot: number; readonly crashes: number };
  'worker.unhealthy': OfWorker & { readonly reason: string };
  'worker.healthy': OfWorker;
  'worker.replacing': OfWorker & { readonly reason: string };
  'worker.replaced': OfWorker;
  'reload.started': OfGeneration;
  /** The new generation serves, and the former is kept warm. */
  'reload.watching': OfGeneration & { readonly former: readonly number[]; readonly ms: number };
  'reload.done': OfGeneration & { readonly durationMs: number };
  'reload.failed': OfGeneration & { readonly reason: string; readonly lastLines: readonly string[] };
  'generation.retired': OfGeneration & { readonly durationMs: number };
  stopping: object;
}

interface AtSocket {
  readonly port: number;
  readonly mode: 'http' | 'tcp';
  readonly path: string;
}

/** What listeners get, by event; `entry` is each of the log, by its name in `event`. */
export type EventMap = {
  [E in keyof Events | 'entry']: [
    event: E extends keyof Events ? Told & { readonly event: E } & Events[E] : Told & Entry,
  ];
};
