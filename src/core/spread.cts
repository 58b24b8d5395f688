/** Into how many parts a spread is divided, and how long the shortest and the longest of them may be (ms). */
const PARTS = 100;
const SHORTEST_MS = 5;
const LONGEST_MS = 100;

/**
 * Closes what `find` finds, evenly spread over `ms` milliseconds, then whatever it still finds, until `until` aborts: clients that are
 * all closed in one tick come back in one tick, to workers that have just started. A program is not kept alive by it.
 */
export function spread<T>(find: () => readonly T[], close: (one: T) => void, ms: number, until: AbortSignal): void {
  if (until.aborted) return;
  const part = ms === 0 ? LONGEST_MS : Math.min(LONGEST_MS, Math.max(SHORTEST_MS, ms / PARTS));
  const end = performance.now() + ms;
  const closeSome = (): void => {
    const found = find();
    const parts = Math.floor((end - performance.now()) / part);
    for (const one of found.slice(0, dueOf(found.length, parts))) close(one);
  };
  closeSome();
  if (until.aborted) return; // by the last one that was closed
  const timer = setInterval(closeSome, part).unref();
  until.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/**
 * How many of `count` are due now, when there are `parts` behind this one to do the rest in; all, when there is none. Fractions
 * are left to chance, or a few would always go with the first parts.
 */
export function dueOf(count: number, parts: number, chance: number = Math.random()): number {
  return parts < 1 ? count : Math.floor(count / (parts + 1) + chance);
}
