import { Chapter } from './chapter.js';
import { type Entry, numberIn, weightOf } from './entry.js';
import type { Status } from './status.js';

/** What has become of the generations: a chapter each. */
export class Story {
  readonly #chapters = new Map<number, Chapter>();
  /** How the last reload failed; undefined when it did not. */
  failure: Entry | undefined;
  /** The last end of a worker that nobody had asked for. */
  crash: Entry | undefined;
  /** How the last watch began. */
  watch: Entry | undefined;

  /** The oldest first. */
  get chapters(): readonly Chapter[] {
    return [...this.#chapters.values()].toSorted((one, other) => one.generation - other.generation);
  }

  /** Those that have a process left. */
  get open(): readonly Chapter[] {
    return this.chapters.filter(({ isOver }) => !isOver);
  }

  /** The one of a generation, which begins with it if there is none yet. */
  chapter(generation: number, at: number): Chapter {
    const chapter = this.#chapters.get(generation) ?? new Chapter(generation, at);
    this.#chapters.set(generation, chapter);
    return chapter;
  }

  /** The one that an entry is about; undefined when it is about none. */
  of(entry: Entry, at = entry.time): Chapter | undefined {
    const generation = numberIn(entry, 'generation');
    return generation === undefined ? undefined : this.chapter(generation, at);
  }
}

/** What each event means to the story. */
const TOLD: Readonly<Record<string, (story: Story, entry: Entry) => void>> = {
  'reload.started': (story, entry) => void story.of(entry),
  'worker.ready': (story, entry) => void story.of(entry, entry.time - (numberIn(entry, 'ms') ?? 0)),
  serving: (story, { time }) => story.open.at(-1)?.to('serving', time),
  'reload.batch': (story, { time }) => story.open.at(-1)?.to('serving', time),
  'reload.watching': watching,
  'reload.done': done,
  'reload.failed': failed,
  'generation.retired': retired,
  'worker.exited': exited,
  'worker.replacing': (story, entry) => story.of(entry)?.mark('notice', entry),
  'worker.unhealthy': (story, entry) => story.of(entry)?.mark('notice', entry),
  stopping: (story, { time }) => {
    for (const chapter of story.open) chapter.to('retiring', time);
  },
};

/**
 * Tells the story anew from what zdlb has logged, the oldest entry first. Some of it may be gone, or was never logged
 * (`--log-level`); who is there, the status knows.
 */
export function storyOf(entries: readonly Entry[], status: Status, now: number): Story {
  const story = new Story();
  for (const entry of entries) if (Object.hasOwn(TOLD, entry.event)) TOLD[entry.event]!(story, entry);
  settle(story, status, now);
  return story;
}

function watching(story: Story, entry: Entry): void {
  story.watch = entry;
  const chapter = story.of(entry);
  for (const other of story.open) if (other !== chapter && other.phase === 'serving') other.to('standby', entry.time);
  chapter?.to('serving', entry.time);
}

function done(story: Story, entry: Entry): void {
  const chapter = story.of(entry);
  for (const other of story.open) if (other !== chapter) other.to('retiring', entry.time);
  chapter?.to('serving', entry.time);
  story.failure = undefined;
}

function failed(story: Story, entry: Entry): void {
  story.failure = entry;
  const chapter = story.of(entry);
  // Without a generation, the configuration was wrong and none began.
  (chapter ?? story.open.at(-1))?.mark('failed', entry);
  if (chapter?.phase === 'starting') return chapter.end('failed', entry.time);
  const warm = story.open.filter(({ phase }) => phase === 'standby');
  if (chapter === undefined || warm.length === 0) return; // the batches that have taken over stay
  chapter.fate = 'taken back';
  chapter.to('retiring', entry.time);
  for (const other of warm) other.to('serving', entry.time);
}

function retired(story: Story, entry: Entry): void {
  const chapter = story.of(entry);
  chapter?.end(chapter.fate ?? 'retired', entry.time);
}

function exited(story: Story, entry: Entry): void {
  const chapter = story.of(entry);
  // One that fails in a reload makes that fail, which has a mark of its own.
  if (chapter?.phase === 'starting' || weightOf(entry) !== 'error') return;
  chapter?.mark('crash', entry);
  story.crash = entry;
}

function settle(story: Story, { workers, generation, state }: Status, now: number): void {
  for (const worker of workers) {
    const chapter = story.chapter(worker.generation, now - worker.uptimeMs);
    if (chapter.phase !== 'starting' || worker.generation > generation) continue;
    chapter.to(worker.generation === generation || state === 'mixed' ? 'serving' : 'retiring', chapter.since);
  }
  for (const chapter of story.open) {
    const isThere = workers.some((worker) => worker.generation === chapter.generation);
    if (!isThere && chapter.generation < generation) chapter.end(chapter.fate ?? 'retired', now);
  }
}
