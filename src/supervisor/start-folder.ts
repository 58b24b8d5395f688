import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';

/**
 * The folder in which the front was started, by the path that the user went: `current` of a deployment that swaps symbolic
 * links. The system's own answer is the folder behind the link, which the next deployment leaves behind. $PWD is
 * what the shell believes, and only true while it names the same folder.
 */
function logicalFolder(): string {
  const logical = process.env['PWD'] ?? '';
  try {
    const physical = process.cwd();
    return isAbsolute(logical) && isSameFolder(logical, physical) ? logical : physical;
  } catch {
    return isAbsolute(logical) ? logical : '/'; // the folder has been deleted
  }
}

function isSameFolder(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

export const startFolder = logicalFolder();
