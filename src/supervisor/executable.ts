import { access, constants, open, realpath, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, join, resolve } from 'node:path';

/**
 * The file that a shell in `folder` would run for `name`: `name` itself when it is a path, else the first of that name in
 * `path` ($PATH) that may be run; undefined when there is none.
 *
 * @throws {Error} of the system, when it is a path and can't be run
 */
export async function findExecutable(name: string, folder: string, path = ''): Promise<string | undefined> {
  if (name.includes('/')) return executable(resolve(folder, name));
  for (const place of path.split(delimiter)) {
    const file = await executable(resolve(folder, place, name)).catch(() => undefined);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** A file that is to be run, and the name that it is to be run by. */
export interface Pinned {
  readonly file: string;
  readonly argv0: string;
}

/**
 * Pins a file down, so that it is the same at each start, wherever symbolic links point to by then.
 *
 * What it is run by keeps its own name, though, in its real folder: a Python finds its virtual environment by the path that it
 * was run by, and busybox its applet. A script is told the path of its file and no other name, so it keeps its link.
 */
export async function pin(path: string): Promise<Pinned> {
  const argv0 = join(await realpath(dirname(path)), basename(path));
  return { file: (await isScript(path)) ? argv0 : await realpath(path), argv0 };
}

async function executable(path: string): Promise<string> {
  await access(path, constants.X_OK);
  if ((await stat(path)).isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
  return path;
}

async function isScript(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined); // a binary may well be executable and not readable
  if (file === undefined) return false;
  try {
    const { buffer } = await file.read({ buffer: Buffer.alloc(2) });
    return buffer.toString('latin1') === '#!';
  } finally {
    await file.close();
  }
}
