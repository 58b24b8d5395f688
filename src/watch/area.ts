import { type Stats, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import picomatch from 'picomatch';

/** A path before the system was asked is `unknown`. */
export type Kind = 'file' | 'folder' | 'unknown';

/** A folder to look through, and what in it counts. */
export interface Area {
  readonly root: string;
  /** @param path relative to the root */
  takes(path: string, kind: Kind): boolean;
}

/** Dependencies change with an installation, which touches ten thousand files; logs and backups change by themselves. */
const FOREIGN_FOLDER = 'node_modules';
const FOREIGN_FILE = /(?:\.log|~)$/;

/** What one `--watch-path` names: a file, a folder, or a pattern. What is there under that very name is no pattern. */
export function areaOf(folder: string, written: string): Area {
  const path = resolve(folder, written);
  const found = statOf(path);
  if (found?.isFile() === true) return oneFile(path);
  const { base, glob, isGlob } = picomatch.scan(written);
  return found === undefined && isGlob ? pattern(resolve(folder, base), glob) : wholeFolder(path);
}

/** Everything but hidden files and folders, node_modules, logs and backups. The folder itself may have any name. */
export function wholeFolder(root: string): Area {
  return {
    root,
    takes: (path, kind) =>
      path.split(sep).every((name) => !isHidden(name) && name !== FOREIGN_FOLDER) &&
      (kind === 'folder' || !FOREIGN_FILE.test(path)),
  };
}

/** The file's folder is watched and not the file: an editor that saves by renaming puts another file in its place. */
function oneFile(path: string): Area {
  const name = basename(path);
  return { root: dirname(path), takes: (other) => other === name };
}

function pattern(root: string, glob: string): Area {
  const matches = picomatch(glob);
  return {
    root,
    takes(path, kind) {
      if (kind === 'file') return matches(path);
      const folders = (kind === 'folder' ? path : dirname(path)).split(sep);
      return folders.every((name) => name === '.' || (!isHidden(name) && name !== FOREIGN_FOLDER));
    },
  };
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // what can't be read can't be watched either
  }
}

const isHidden = (name: string): boolean => name.startsWith('.');

/** `path` as seen from `root`; empty for the root itself, undefined for what is not in it. */
export function within(root: string, path: string): string | undefined {
  const inside = relative(root, path);
  return inside === '..' || inside.startsWith(join('..', sep)) ? undefined : inside;
}
