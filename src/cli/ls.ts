import { ask } from '../control/client.js';
import { instanceFolder } from '../control/instance-folder.js';
import { runningInstances } from '../control/instances.js';
import { formatDuration } from '../core/quantity.js';
import type { FrontStatus } from '../instance/desk.js';
import { say } from './order.js';
import { columns } from './table.js';
import { parseVerb } from './verb-line.js';

/** `zdlb ls`: all instances of this user. */
export async function ls(argv: readonly string[]): Promise<number> {
  const line = parseVerb(argv, { verb: 'ls' });
  if (typeof line === 'string') return say(line);
  const running = await runningInstances(instanceFolder(process.env).path);
  const fronts = (await Promise.all(
    running.map(async (instance) => ask(instance, { method: 'GET', path: '/status' })),
  )) as readonly FrontStatus[];
  if (line.isForMachines) return say(JSON.stringify(fronts));
  if (fronts.length === 0) return say('No instance runs');
  const rows = fronts.map(({ name, pid, state, generation, workers, listeners, uptimeMs }) => [
    name,
    String(pid),
    state,
    String(generation),
    String(workers.filter((worker) => worker.state === 'ready').length),
    listeners.map(({ port }) => port).join(','),
    formatDuration(uptimeMs),
  ]);
  return say(columns(['name', 'pid', 'state', 'generation', 'workers', 'ports', 'up'], rows).join('\n'));
}
