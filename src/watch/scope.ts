import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import picomatch from 'picomatch';
import { type Area, type Kind, areaOf, wholeFolder, within } from './area.js';
import type { WatchSettings } from './settings.js';

/** Which files count. */
export class Scope {
  readonly settings: WatchSettings;
  readonly #isLeftOut: (path: string) => boolean;
  #areas: readonly Area[] = [];

  constructor(settings: WatchSettings) {
    this.settings = settings;
    const patterns = settings.paths.filter((path) => /^!./.test(path)).map((path) => path.slice(1));
    this.#isLeftOut = patterns.length === 0 ? () => false : picomatch(patterns);
  }

  /** What is watched, for the reader. */
  get named(): readonly string[] {
    const { folder, paths } = this.settings;
    return paths.length === 0 ? [folder] : paths;
  }

  /** Finds out anew which of the paths are files and folders; the folders to look through, as far as they are there. */
  async settle(): Promise<readonly string[]> {
    const { folder, paths } = this.settings;
    const wanted = paths.filter((path) => !path.startsWith('!'));
    this.#areas = wanted.length === 0 ? [wholeFolder(folder)] : wanted.map((path) => areaOf(folder, path));
    const roots = [...new Set(this.#areas.map(({ root }) => root))];
    const found = await Promise.all(roots.map((root) => markOf(root)));
    return roots.filter((_, index) => found[index] !== MISSING);
  }

  /**
   * Another text when a folder to look through has been replaced, removed or created, or a link on its path leads
   * elsewhere: what watches the former folder does not hear of it.
   */
  async mark(): Promise<string> {
    return (await Promise.all(this.#areas.map(({ root }) => markOf(root)))).join('\n');
  }

  /** @param stats absent before the system was asked: then only what is out in any case is left out */
  leavesOut(path: string, stats?: Stats): boolean {
    const { folder, except } = this.settings;
    if (except.includes(path)) return true;
    const inFolder = within(folder, path);
    if (inFolder !== undefined && inFolder !== '' && this.#isLeftOut(inFolder)) return true;
    return !this.#areas.some((area) => {
      const inside = within(area.root, path);
      return inside === '' || (inside !== undefined && area.takes(inside, kindOf(stats)));
    });
  }

  /** The path as the reader knows it. */
  shown(path: string): string {
    return within(this.settings.folder, path) ?? path;
  }
}

function kindOf(stats: Stats | undefined): Kind {
  if (stats === undefined) return 'unknown';
  return stats.isDirectory() ? 'folder' : 'file';
}

const MISSING = 'missing';

/** The time of its last change tells a folder from one that was made in its place: inode numbers are used again. */
async function markOf(path: string): Promise<string> {
  try {
    const [real, { dev, ino, ctimeMs }] = await Promise.all([realpath(path), stat(path)]);
    return [real, dev, ino, ctimeMs].join(' ');
  } catch {
    return MISSING;
  }
}
