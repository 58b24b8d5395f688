import { conditionOf } from '../admin/view/status.js';
import { instanceFolder } from '../control/instance-folder.js';
import { type Instance, own, runningInstances } from '../control/instances.js';
import { ZdlbError } from '../core/errors.js';
import { formatDuration } from '../core/quantity.js';
import type { FrontStatus } from '../instance/desk.js';
import { say } from './say.js';
import { statusOf } from './status.js';
import { columns } from './table.js';
import { parseVerb } from './verb-line.js';

/** `zdlb ls`: all instances of this user. */
export async function ls(argv: readonly string[]): Promise<number> {
  const line = parseVerb(argv, { verb: 'ls', about: 'Lists all instances of yours.' });
  if (typeof line === 'string') return say(line);
  const running = await runningInstances(instanceFolder(process.env).path);
  const fronts = (await Promise.all(running.map(lookAt))).filter((front) => front !== undefined);
  if (line.isForMachines) return say(JSON.stringify(fronts));
  if (fronts.length === 0) return say('No instance runs');
  const rows = fronts.map((front) => [
    front.name,
    String(front.pid),
    conditionOf(front),
    String(front.generation),
    String(front.workers.filter(({ state }) => state === 'ready').length),
    front.listeners.map(({ port }) => port).join(','),
    formatDuration(front.uptimeMs),
  ]);
  return say(columns(['name', 'pid', 'state', 'generation', 'workers', 'ports', 'up'], rows).join('\n'));
}

/** One that can't be asked, or has ended meanwhile, does not hide the others. */
async function lookAt(instance: Instance): Promise<FrontStatus | undefined> {
  try {
    return await statusOf(own(instance));
  } catch (error) {
    if (!(error instanceof ZdlbError)) throw error;
    if (error.code !== 'absent') process.stderr.write(`zdlb: ${error.message}\n`);
    return undefined;
  }
}
