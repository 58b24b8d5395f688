import { readFileSync } from 'node:fs';
import type { AdmissionSettings } from './admission.js';

/** Of the front itself: its log, its timers, its listening sockets. It starts with about 30. */
const FILES_OF_FRONT = 64;
/** Two outputs, two channels and a private socket, in up to five generations: one serves, one starts, three retire. */
const FILES_OF_WORKER = 5 * 5;
/** A client connection and its upstream socket. */
const FILES_OF_CONNECTION = 2;

/** How many files this process may have open. Node has raised the soft limit to the hard one. Infinity where it is not known. */
export function openFilesLimit(): number {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return limit === undefined ? Infinity : Number(limit);
  } catch {
    return Infinity; // not Linux
  }
}

/**
 * Lowers the bounds to what `limit` open files can hold, where they are above: three quarters for open connections at
 * least, the rest for those that wait.
 *
 * At the limit itself the system's own way would be worse: Node closes what it can't accept, without an event that would
 * tell of it, and a worker that can't be connected to looks like one that is gone.
 */
export function withinOpenFiles(settings: AdmissionSettings, workers: number, limit: number): AdmissionSettings {
  const files = limit - FILES_OF_FRONT - FILES_OF_WORKER * workers;
  const { maxConnections, holdMax } = settings;
  if (FILES_OF_CONNECTION * maxConnections + holdMax <= files) return settings;
  const places = Math.min(holdMax, Math.max(0, Math.floor(files / 4)));
  const fitting = Math.max(1, Math.floor((files - places) / FILES_OF_CONNECTION));
  return { ...settings, maxConnections: Math.min(maxConnections, fitting), holdMax: places };
}
