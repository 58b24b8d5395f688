import { counted } from '../core/counted.js';
import type { Entry } from '../core/journal.js';

/** What a service manager is told, one assignment each (sd_notify(3)). */
export type Notice = readonly string[];

const MAX_STATUS = 200;

/** Which of zdlb's events a service manager is told, and how. */
const NOTICES: Readonly<Record<string, (entry: Entry) => Notice>> = {
  serving: ({ workers }) => [
    'READY=1',
    `MAINPID=${process.pid}`,
    status(`Serving with ${counted(Number(workers), 'worker')}`),
  ],
  'reload.started': ({ generation }) => [
    'RELOADING=1',
    `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`,
    status(`Reloading: generation ${String(generation)} starts`),
  ],
  'reload.done': ({ generation }) => ['READY=1', status(`Generation ${String(generation)} serves`)],
  'reload.failed': ({ generation, reason }) =>
    generation === undefined // it has not begun; perhaps nothing serves yet
      ? [status(`The last reload was refused: ${String(reason)}`)]
      : ['READY=1', status(`Serving on, the last reload failed: ${String(reason)}`)],
  stopping: () => ['STOPPING=1', status('Stopping: what is under way may end')],
};

/** What a service manager is to know of an event; undefined: nothing. */
export function noticeOf(entry: Entry): Notice | undefined {
  return Object.hasOwn(NOTICES, entry.event) ? NOTICES[entry.event]!(entry) : undefined;
}

/** One line, which `systemctl status` shows. */
const status = (text: string) => `STATUS=${text.replaceAll(/\s+/g, ' ').slice(0, MAX_STATUS)}`;
