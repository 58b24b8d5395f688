import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ZdlbError } from '../core/errors.js';
import { isListening } from '../unix-socket.js';
import { complaintAboutSocket, hasInstanceFolder } from './instance-folder.js';

const EXTENSION = '.sock';

/** A running front, by its control socket. */
export interface Instance {
  readonly name: string;
  readonly path: string;
  /** Why this user had better not talk to it. */
  readonly complaint?: string;
}

/**
 * All that run, by name. Sockets of those that were killed are passed over.
 *
 * @throws {ZdlbError} `foreign`, when the folder is not this user's own
 */
export async function runningInstances(folder: string): Promise<readonly Instance[]> {
  const all = namesIn(folder).map((name) => instanceAt(name, join(folder, `${name}${EXTENSION}`)));
  const living = await Promise.all(all.map(async ({ path }) => isListening(path)));
  return all.filter((_, index) => living[index]);
}

/**
 * The one of that name, or the only one.
 *
 * @throws {ZdlbError} `absent` when there is none; `usage` when there are several and none was named; `foreign`, when it is not this user's own
 */
export async function findInstance(folder: string, name: string | undefined): Promise<Instance> {
  const running = await runningInstances(folder);
  const known = running.map((instance) => instance.name).join(', ');
  const meant = name === undefined ? running : running.filter((instance) => instance.name === name);
  if (meant.length === 1) return own(meant[0]!);
  if (meant.length > 1) throw new ZdlbError('usage', `Several instances run (${known}): say which with --name`);
  const others = running.length === 0 ? `: none runs (looked in ${folder})` : `. Running: ${known}`;
  throw new ZdlbError(
    'absent',
    name === undefined ? `No instance runs (looked in ${folder})` : `No instance is named ${name}${others}`,
  );
}

/** @throws {ZdlbError} `foreign` */
export function own(instance: Instance): Instance {
  const { name, path, complaint } = instance;
  if (complaint === undefined) return instance;
  throw new ZdlbError('foreign', `Cannot talk to ${name} at ${path}: ${complaint}`);
}

function instanceAt(name: string, path: string): Instance {
  const complaint = complaintAboutSocket(path);
  return { name, path, ...(complaint !== undefined && { complaint }) };
}

function namesIn(folder: string): readonly string[] {
  if (!hasInstanceFolder(folder)) return [];
  const sockets = readdirSync(folder).filter((file) => file.endsWith(EXTENSION));
  return sockets.map((file) => basename(file, EXTENSION)).toSorted();
}
