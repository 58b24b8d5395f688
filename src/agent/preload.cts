import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Takes `--require <file>` out of a list of Node's own arguments, in place: `child_process.fork()` and worker threads pass
 * `process.execArgv` on, and the program's own children are none of the agent's business.
 */
export function removePreload(args: string[], file: string): void {
  for (let at = args.length - 1; at >= 0; at--) {
    const arg = args[at]!;
    if (arg.startsWith('--require=') && isFile(arg.slice('--require='.length), file)) args.splice(at, 1);
    if ((arg === '--require' || arg === '-r') && isFile(args[at + 1], file)) args.splice(at, 2);
  }
}

function isFile(named: string | undefined, file: string): boolean {
  if (named === undefined) return false;
  const path = resolve(named);
  if (path === file) return true;
  try {
    return realpathSync(path) === realpathSync(file);
  } catch {
    return false; // a package's name, not a path
  }
}
