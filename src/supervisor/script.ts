import { readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const EXTENSIONS = ['.js', '.json', '.node'];

/**
 * The file that `node <script>` would run in `folder`, with symbolic links resolved; undefined when there is none.
 *
 * The rules are those of require() for a path (https://nodejs.org/api/modules.html#all-together): the file itself, the
 * file with an extension, the `main` of a folder's package.json, a folder's index. `require.resolve` itself is of no use:
 * it remembers its answers, and a deployment changes where a symbolic link points to.
 */
export async function resolveScript(folder: string, script: string): Promise<string | undefined> {
  const path = resolve(folder, script);
  return (script.endsWith('/') ? undefined : await asFile(path)) ?? (await asFolder(path));
}

async function asFile(path: string): Promise<string | undefined> {
  return firstFile([path, ...EXTENSIONS.map((extension) => path + extension)]);
}

async function asFolder(path: string): Promise<string | undefined> {
  const main = await mainOf(path);
  const named =
    main === undefined ? undefined : ((await asFile(join(path, main))) ?? (await asIndex(join(path, main))));
  return named ?? (await asIndex(path));
}

async function asIndex(path: string): Promise<string | undefined> {
  return firstFile(EXTENSIONS.map((extension) => join(path, `index${extension}`)));
}

async function firstFile(candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    const file = await realFile(candidate);
    if (file !== undefined) return file;
  }
  return undefined;
}

async function realFile(path: string): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() ? undefined : real;
  } catch {
    return undefined;
  }
}

async function mainOf(folder: string): Promise<string | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const main = (manifest as { main?: unknown } | null)?.main;
    return typeof main === 'string' && main !== '' ? main : undefined;
  } catch {
    return undefined;
  }
}
