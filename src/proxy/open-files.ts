import { readFileSync } from 'node:fs';
import type { Journal } from '../core/journal.js';
import type { AdmissionSettings } from './admission.js';

/** Of the front itself: its log, the pipe to the warden, its listening sockets. It starts with about 25. */
const FILES_OF_FRONT = 64;
/** Two outputs and two channels, and a connection to ask for its health. */
const FILES_OF_WORKER = 5;
/** A client connection and its upstream socket. */
const FILES_OF_CONNECTION = 2;

/** What takes open files whoever connects. */
export interface Staff {
  readonly workers: number;
  /** How many generations may have workers at a time. */
  readonly generations: number;
}

/** How many files this process may have open. Node has raised the soft limit to the hard one. Infinity where it is not known. */
export function openFilesLimit(): number {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return limit === undefined ? Infinity : Number(limit);
  } catch {
    return Infinity; // not Linux
  }
}

/** How many open files everything takes when all bounds are reached; Infinity when a bound is off. */
export function neededOpenFiles({ maxConnections, holdMax }: AdmissionSettings, staff: Staff): number {
  return FILES_OF_CONNECTION * maxConnections + holdMax + filesOf(staff);
}

/**
 * Lowers the bounds to what `limit` open files can hold, where they are above: three quarters for open connections at
 * least, the rest for those that wait.
 *
 * At the limit itself the system's own way would be worse: Node closes what it can't accept, without an event that would
 * tell of it, and a worker that can't be connected to looks like one that is gone.
 */
export function withinOpenFiles(settings: AdmissionSettings, staff: Staff, limit: number): AdmissionSettings {
  if (neededOpenFiles(settings, staff) <= limit) return settings;
  const files = limit - filesOf(staff);
  const { maxConnections, holdMax } = settings;
  const places = Math.min(holdMax, Math.max(0, Math.floor(files / 4)));
  const fitting = Math.max(1, Math.floor((files - places) / FILES_OF_CONNECTION));
  return { ...settings, maxConnections: Math.min(maxConnections, fitting), holdMax: places };
}

/** The limit of open files, and whether the operator knows that it is too low. */
export class OpenFiles {
  readonly #journal: Journal;
  readonly #limit = openFilesLimit();
  #told = '';

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** The bounds as they are wanted, or as far as the system allows; the latter is warned of once, until the figures change. */
  fit(settings: AdmissionSettings, staff: Staff): AdmissionSettings {
    const fitting = withinOpenFiles(settings, staff, this.#limit);
    const figures = `${fitting.maxConnections} ${fitting.holdMax}`;
    if (fitting !== settings && figures !== this.#told) this.#warn(fitting, neededOpenFiles(settings, staff));
    this.#told = fitting === settings ? '' : figures;
    return fitting;
  }

  #warn({ maxConnections, holdMax }: AdmissionSettings, needed: number): void {
    const limit = this.#limit;
    const entry = { event: 'connections.lowered', maxConnections, holdMax, openFiles: limit };
    const wanted = needed === Infinity ? 'connections have no bound' : `all bounds together may take ${needed}`;
    const message = `Too few open files: this process may have ${limit}, and ${wanted}. So at most ${maxConnections} connections are open at a time and ${holdMax} wait. Raise the limit (ulimit -n, or LimitNOFILE= in systemd), or lower --max-connections`;
    this.#journal.warn(needed === Infinity ? entry : { ...entry, needed }, message);
  }
}

function filesOf({ workers, generations }: Staff): number {
  return FILES_OF_FRONT + FILES_OF_WORKER * workers * generations;
}
