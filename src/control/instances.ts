import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ZdlbError, systemCode } from '../core/errors.js';
import { isListening } from '../unix-socket.js';

const EXTENSION = '.sock';

/** A running front, by its control socket. */
export interface Instance {
  readonly name: string;
  readonly path: string;
}

/** All that run, by name. Sockets of those that were killed are passed over. */
export async function runningInstances(folder: string): Promise<readonly Instance[]> {
  const all = namesIn(folder).map((name) => ({ name, path: join(folder, `${name}${EXTENSION}`) }));
  const living = await Promise.all(all.map(async ({ path }) => isListening(path)));
  return all.filter((_, index) => living[index]);
}

/**
 * The one of that name, or the only one.
 *
 * @throws {ZdlbError} `absent` when there is none; `usage` when there are several and none was named
 */
export async function findInstance(folder: string, name: string | undefined): Promise<Instance> {
  const running = await runningInstances(folder);
  const known = running.map((instance) => instance.name).join(', ');
  const meant = name === undefined ? running : running.filter((instance) => instance.name === name);
  if (meant.length === 1) return meant[0]!;
  if (meant.length > 1) throw new ZdlbError('usage', `Several instances run (${known}): say which with --name`);
  const others = running.length === 0 ? `none runs (looked in ${folder})` : `there are ${known}`;
  throw new ZdlbError(
    'absent',
    name === undefined ? `No instance runs (looked in ${folder})` : `No instance is named ${name}: ${others}`,
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    const sockets = readdirSync(folder).filter((file) => file.endsWith(EXTENSION) && !file.startsWith('.'));
    return sockets.map((file) => basename(file, EXTENSION)).toSorted();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
