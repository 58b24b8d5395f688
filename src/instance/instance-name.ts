import { statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import type { Config } from '../core/config.js';

/** The name given; else the base name of what runs, without extension, as far as a name allows. */
export function instanceName({
  name,
  script,
  command = [],
  cwd,
}: Pick<Config, 'name' | 'script' | 'command' | 'cwd'>): string {
  const path = script === undefined ? programOf(command, cwd) : resolve(script);
  const base = basename(path, extname(path)).replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return name ?? (base.slice(0, 64) || 'zdlb');
}

/** In `python3 -u app.py` the program is app.py, in `./server --fast` it is the server: the first argument that is a file. */
function programOf(command: readonly string[], cwd: string): string {
  const [program = '', ...args] = command;
  return args.find((arg) => isFile(resolve(cwd, arg))) ?? program;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false; // not there, or no path at all: too long, in a folder that is closed …
  }
}
