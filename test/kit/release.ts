import { mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd } from './lifetime.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);

/** What a deployment puts on disk: the code of a version. */
export type Source = (version: number) => string;

/** A program of test/fixtures in which each version knows its number. */
export async function fixture(name: string): Promise<Source> {
  const text = await readFile(new URL(name, FIXTURES), 'utf8');
  return (version) => text.replaceAll('@version@', String(version));
}

/**
 * A folder of deployments: `r1`, `r2` … and `current`, a symbolic link to one of them.
 * {@link deploy} swaps the link, as deployment tools do; {@link overwrite} replaces the file that is running.
 */
export class Release {
  readonly folder: string;
  readonly #source: Source;
  #latest = 1;

  private constructor(folder: string, source: Source) {
    this.folder = folder;
    this.#source = source;
  }

  /** Deploys version 1 of `source`; the folder goes when the test ends. */
  static async create(source: Source): Promise<Release> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'zdlb-release-')));
    atEnd(() => rm(folder, { recursive: true, force: true }));
    const release = new Release(folder, source);
    await release.deploy(1);
    return release;
  }

  /** The program's path through the symbolic link. */
  get script(): string {
    return join(this.folder, 'current', 'server.cjs');
  }

  /** Puts a version (of other code, if given) into a folder of its own and points `current` to it in one step. */
  async deploy(version: number, code = this.#source(version)): Promise<void> {
    this.#latest = version;
    const target = join(this.folder, `r${version}`);
    await mkdir(target, { recursive: true });
    await replace(join(target, 'server.cjs'), code);
    await this.#point(`r${version}`);
  }

  /**
   * Points `current` to a folder in which the program is a link to one of test/fixtures: it runs where it lies, with
   * what it requires.
   */
  async deployFixture(name: string): Promise<void> {
    const target = join(this.folder, basename(name));
    await mkdir(target);
    await symlink(fileURLToPath(new URL(name, FIXTURES)), join(target, 'server.cjs'));
    await this.#point(basename(name));
  }

  /** Replaces the code in the folder that `current` points to. */
  async overwrite(version: number, code = this.#source(version)): Promise<void> {
    await replace(join(this.folder, `r${this.#latest}`, 'server.cjs'), code);
  }

  async #point(folder: string): Promise<void> {
    const link = join(this.folder, 'next');
    await symlink(folder, link);
    await rename(link, join(this.folder, 'current'));
  }
}

/** Written beside and renamed, so that a program that starts meanwhile never reads half of it. */
async function replace(path: string, code: string): Promise<void> {
  await writeFile(`${path}.new`, code);
  await rename(`${path}.new`, path);
}
