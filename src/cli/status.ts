import { formatDuration } from '../core/quantity.js';
import type { FrontStatus } from '../instance/desk.js';
import { carryOut } from './order.js';
import { inWords as pauseInWords } from './pause.js';
import { columns } from './table.js';

const MIB = 2 ** 20;

/** `zdlb status`: what an instance does, by worker. */
export async function status(argv: readonly string[]): Promise<number> {
  return carryOut({ verb: 'status', request: () => ({ method: 'GET', path: '/status' }), told: inWords }, argv);
}

/** Fits 80 columns. */
export function inWords(front: FrontStatus): string {
  const { name, pid, state, generation, uptimeMs, reloads, listeners, workers, pause } = front;
  const rows = workers.map((worker) => [
    String(worker.slot),
    String(worker.generation),
    String(worker.pid ?? '-'),
    worker.isCrashLooping ? 'crash loop' : worker.isAiling ? 'ailing' : worker.state,
    `${Math.round(worker.memoryBytes / MIB)} MiB`,
    String(worker.restarts),
    formatDuration(worker.uptimeMs),
  ]);
  return [
    `${name}: ${state}, generation ${generation}, pid ${pid}, up ${formatDuration(uptimeMs)}`,
    ...(pause === undefined ? [] : [pauseInWords(pause)]),
    ...listeners.map(({ port, mode, connections }) => `port ${port} (${mode}): ${connections} connections`),
    `reloads: ${reloads.done} done, ${reloads.failed} failed`,
    ...(reloads.lastError === undefined ? [] : [`last error: ${reloads.lastError}`]),
    '',
    ...columns(['slot', 'generation', 'pid', 'state', 'memory', 'restarts', 'up'], rows),
  ].join('\n');
}
