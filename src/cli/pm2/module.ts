import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ZdlbError, messageOf } from '../../core/errors.js';

/**
 * What a module exports, by default or in all; of a function, what it returns, and of a promise, what it becomes. What the module prints
 * goes to standard error: standard output is the answer's.
 *
 * @throws {ZdlbError} `usage`
 */
export async function exportOf(file: string): Promise<unknown> {
  const path = resolve(file);
  if (!existsSync(path)) throw new ZdlbError('usage', `Cannot read ${file}: no such file`);
  const write = process.stdout.write.bind(process.stdout);
  const exit = process.exit.bind(process);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  process.exit = () => {
    throw new Error('it called process.exit');
  };
  try {
    const module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
    const exported = 'default' in module ? module['default'] : module;
    return await (typeof exported === 'function' ? (exported as () => unknown)() : exported);
  } catch (error) {
    throw new ZdlbError('usage', `Cannot read ${file}: ${messageOf(error)}${placeOf(error, path)}`, { cause: error });
  } finally {
    process.stdout.write = write;
    process.exit = exit;
  }
}

/** The line of `path` in which it happened, as far as the stack tells. */
function placeOf(error: unknown, path: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const at = stack.indexOf(`${path}:`);
  const [line] = at < 0 ? [] : (/^\d+/.exec(stack.slice(at + path.length + 1)) ?? []);
  return line === undefined ? '' : ` (line ${line})`;
}
