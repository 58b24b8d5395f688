import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes the Unix sockets that a process has left behind: one that a signal ends unlinks nothing, whether it had announced
 * them by then or not. The agent begins their names with its process id.
 */
export function removeSockets(folder: string, pid: number): void {
  for (const name of namesIn(folder)) if (name.startsWith(`${pid}-`)) rmSync(join(folder, name), { force: true });
}

/** None, when somebody has tidied up the temporary folder with all that is in it. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
