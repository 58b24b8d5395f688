import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../core/errors.js';
import { inodeOf, isListening, isSocket } from '../unix-socket.js';

/**
 * Clears away the control sockets of fronts that were killed. One that starts is not among them: its socket listens before it has
 * its name.
 */
export async function sweepSockets(folder: string): Promise<void> {
  const paths = readdirSync(folder).filter((file) => file.endsWith('.sock'));
  await Promise.all(paths.map(async (file) => sweep(join(folder, file))));
}

async function sweep(path: string): Promise<void> {
  const there = inodeOf(path);
  if (there !== undefined && isSocket(path) && !(await isListening(path))) clearAway(path, there);
}

/**
 * Removes a socket that nobody listens on. Another one that starts may have cleared it away by now, and have linked its own: that one
 * is put back.
 *
 * @param stale its inode, as {@link inodeOf} gives it
 */
export function clearAway(path: string, stale: string): void {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(path, aside);
    if (inodeOf(aside) !== stale) linkSync(aside, path);
    rmSync(aside);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'EEXIST') throw error;
  }
}
