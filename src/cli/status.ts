import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../control/client.js';
import { instanceFolder } from '../control/instance-folder.js';
import { type Instance, findInstance } from '../control/instances.js';
import { ZdlbError } from '../core/errors.js';
import type { FrontStatus } from '../instance/desk.js';
import { endOnCtrlC } from './ctrl-c.js';
import { LiveBlock } from './live-block.js';
import { say } from './say.js';
import { palette } from './palette.js';
import { statusLines } from './status-table.js';
import { parseVerb } from './verb-line.js';

const WATCH_MS = 1_000;
/** A front answers this at once, unless it is suspended. */
const PATIENCE_MS = 5_000;

/** `zdlb status`: what an instance does, by worker; with `--watch` again and again, until Ctrl-C or its end. */
export async function status(argv: readonly string[]): Promise<number> {
  const line = parseVerb(argv, {
    verb: 'status',
    about: 'Tells what an instance does: its ports, what became of requests and reloads, and each of its workers.',
    words: '[--watch]',
    switches: { watch: 'show it anew every second, until Ctrl-C' },
    aliases: { watch: 'w' },
  });
  if (typeof line === 'string') return say(line);
  const instance = await findInstance(instanceFolder(process.env).path, line.name);
  if (line.has('watch')) {
    endOnCtrlC();
    process.stdout.on('error', () => process.exit(0)); // `zdlb status --watch --json | head -1`
  }
  const show = line.isForMachines
    ? (front: FrontStatus) => void say(JSON.stringify(front))
    : display(line.has('watch'));
  show(await statusOf(instance));
  return line.has('watch') ? watch(instance, show, line.isForMachines) : 0;
}

/** @throws {ZdlbError} `absent`, when it has ended; `busy`, when it does not answer */
export async function statusOf(instance: Instance): Promise<FrontStatus> {
  return (await ask(instance, { method: 'GET', path: '/status', timeoutMs: PATIENCE_MS })) as FrontStatus;
}

/** Where it is watched on a terminal, it stays in its place. */
function display(isWatched: boolean): (front: FrontStatus) => void {
  const paint = palette();
  if (!isWatched || !process.stdout.isTTY) return (front) => void say(statusLines(front, paint).join('\n'));
  const block = new LiveBlock(process.stdout);
  return (front) => block.draw(statusLines(front, paint));
}

async function watch(instance: Instance, show: (front: FrontStatus) => void, isForMachines: boolean): Promise<number> {
  for (;;) {
    await sleep(WATCH_MS);
    try {
      show(await statusOf(instance));
    } catch (error) {
      if (!(error instanceof ZdlbError) || error.code !== 'absent') throw error;
      return isForMachines ? 0 : say(`${instance.name} has ended`);
    }
  }
}
