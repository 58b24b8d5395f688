import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { counted } from '../core/counted.js';
import { messageOf, systemCode } from '../core/errors.js';
import type { Journal } from '../core/journal.js';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import { Burst } from './burst.js';
import { Scope } from './scope.js';
import { type WatchSettings, isSame } from './settings.js';

/**
 *     looking <-> waiting       something stirred, and is quiet again
 *     any -> closed
 */
type WatcherState = 'looking' | 'waiting' | 'closed';

const MOVES: Moves<WatcherState> = {
  looking: ['waiting', 'closed'],
  waiting: ['looking', 'closed'],
  closed: [],
};

/** How often the folders themselves are looked after, in milliseconds. */
const ROOTS_MS = 500;
const MAX_NAMED = 3;

/** Each file's inode, size and time of last modification, by path. */
type Snapshot = ReadonlyMap<string, string>;

/**
 * Tells when files change, for development.
 *
 * The system's events are only a hint to look again; what changed is the difference between two looks. A folder that is
 * removed and made again within moments, as builds do, is lost to the events (chokidar 4 goes on watching the one that is
 * gone), so each look begins to watch anew.
 */
export class Watcher {
  readonly #scope: Scope;
  readonly #journal: Journal;
  readonly #changed: () => void;
  readonly #lifecycle = new Lifecycle<WatcherState>('The watcher', 'looking', MOVES);
  readonly #burst = new Burst(() => this.#calmed());
  readonly #roots: NodeJS.Timeout;
  /** Kinds of errors that have been told. */
  readonly #told = new Set<string>();
  #events: FSWatcher | undefined;
  #known: Snapshot | undefined;
  #mark = '';

  /** Begins to watch; `changed` is called once for a burst of changes. */
  constructor(settings: WatchSettings, journal: Journal, changed: () => void) {
    this.#scope = new Scope(settings);
    this.#journal = journal;
    this.#changed = changed;
    this.#roots = setInterval(() => void this.#lookAfterRoots(), ROOTS_MS).unref();
    void this.#look();
  }

  /** One for other settings, in the place of this one; or this one, when they are the same. */
  follow(settings: WatchSettings): Watcher {
    if (isSame(settings, this.#scope.settings)) return this;
    this.close();
    return new Watcher(settings, this.#journal, this.#changed);
  }

  close(): void {
    if (this.#lifecycle.is('closed')) return;
    this.#lifecycle.to('closed');
    clearInterval(this.#roots);
    this.#burst.close();
    void this.#events?.close();
  }

  #calmed(): void {
    if (this.#lifecycle.is('looking')) return this.#burst.stir(); // its look may have passed the place already
    this.#lifecycle.to('looking');
    void this.#look();
  }

  async #look(): Promise<void> {
    await this.#events?.close();
    const roots = await this.#scope.settle();
    this.#mark = await this.#scope.mark();
    if (this.#lifecycle.is('closed')) return;
    const seen = roots.length === 0 ? new Map<string, string>() : await this.#watch(roots);
    if (this.#lifecycle.is('closed')) return;
    this.#lifecycle.to('waiting');
    this.#compare(seen);
  }

  /** Watches from now on; resolves with what is there. Never resolves once the watcher is closed. */
  async #watch(roots: readonly string[]): Promise<Snapshot> {
    const seen = new Map<string, string>();
    const events = watch([...roots], {
      ignored: (path, stats) => this.#scope.leavesOut(path, stats),
      ignorePermissionErrors: true,
      atomic: false, // what it does for editors, Burst does for all
    });
    this.#events = events;
    events.on('add', (path, stats) => void (stats && seen.set(path, signatureOf(stats))));
    events.on('error', (error) => this.#tell(error));
    events.on('raw', (_, name, details) => this.#stirred(details as Details, name));
    await new Promise<void>((resolve) => void events.once('ready', resolve));
    events.removeAllListeners('add'); // what is added from now on is for the next look
    events.on('all', () => this.#burst.stir());
    return seen;
  }

  #stirred({ watchedPath }: Details, name: string | null): void {
    if (name === null || !this.#scope.leavesOut(join(watchedPath, name))) this.#burst.stir();
  }

  #compare(seen: Snapshot): void {
    const known = this.#known;
    this.#known = seen;
    if (known === undefined) return this.#greet(seen.size);
    const changed = differences(known, seen);
    if (changed.length === 0) return;
    // The events begin a moment after a folder has been read: what came in between shows in a second look.
    this.#burst.stir();
    this.#announce(changed.map((path) => this.#scope.shown(path)));
    this.#changed();
  }

  /** A link that leads elsewhere, or a folder in the place of another, stirs nothing in the one that is watched. */
  async #lookAfterRoots(): Promise<void> {
    if (!this.#lifecycle.is('waiting')) return;
    const mark = await this.#scope.mark();
    if (mark === this.#mark || !this.#lifecycle.is('waiting')) return;
    this.#mark = mark;
    this.#burst.stir();
  }

  #greet(files: number): void {
    const { named } = this.#scope;
    const message = `Watching ${named.join(', ')} (${counted(files, 'file')}): a change reloads. For development, not for production`;
    this.#journal.info({ event: 'watching', paths: named, files }, message);
  }

  #announce(files: readonly string[]): void {
    const more = files.length > MAX_NAMED ? ` and ${files.length - MAX_NAMED} more` : '';
    const named = files.slice(0, MAX_NAMED);
    const entry = { event: 'files.changed', files: named, count: files.length };
    this.#journal.info(entry, `${named.join(', ')}${more} changed: reloading`);
  }

  #tell(error: unknown): void {
    const code = systemCode(error) ?? 'unknown';
    if (this.#told.has(code)) return;
    this.#told.add(code);
    const reason = REASONS[code] ?? `Cannot watch all files: ${messageOf(error)}`;
    this.#journal.warn({ event: 'watch.failed', code }, `${reason}. Changes of some files go unnoticed`);
  }
}

/** What chokidar says with the system's own event. */
interface Details {
  readonly watchedPath: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC:
    'Cannot watch all files: the system watches no more for this user. Raise fs.inotify.max_user_watches with sysctl, or name less with --watch-path',
  EMFILE:
    'Cannot watch files: this user has too many watchers, or zdlb too many open files. Raise fs.inotify.max_user_instances with sysctl, or ulimit -n',
};

function signatureOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs}`;
}

/** The files that are new, gone, or other than they were. */
function differences(before: Snapshot, after: Snapshot): readonly string[] {
  const gone = [...before.keys()].filter((path) => !after.has(path));
  return [...[...after.keys()].filter((path) => after.get(path) !== before.get(path)), ...gone];
}
