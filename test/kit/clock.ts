const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  now: performance.now.bind(performance),
  setImmediate: globalThis.setImmediate,
};

/** A timer of a {@link Clock}, as far as Node's can be told from it. */
class Timer {
  due: number;
  readonly everyMs: number | undefined;
  readonly ring: () => void;
  /** Whether it keeps a process alive. */
  isRef = true;

  constructor(due: number, everyMs: number | undefined, ring: () => void) {
    this.due = due;
    this.everyMs = everyMs;
    this.ring = ring;
  }

  ref(): this {
    this.isRef = true;
    return this;
  }

  unref(): this {
    this.isRef = false;
    return this;
  }
}

/**
 * Time that passes only when a test says so. It stands in for the global timers and for `performance.now()`; immediates,
 * ticks and promises stay real, and between two timers all of them have their turn. (A mocked clock that yields by a real
 * timer costs a millisecond for each timer that fires: a campaign fires thousands.)
 */
export class Clock {
  /** Milliseconds since the clock was made. */
  now = 0;
  /** In the order in which they were set, which decides among those that are due together. */
  readonly #timers = new Set<Timer>();

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Replaces the global timers; the answer puts them back. */
  install(): () => void {
    const set = (then: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) =>
      this.#add(ms, undefined, () => then(...values));
    const repeat = (ring: () => void, ms = 0) => this.#add(ms, Math.max(1, ms), ring);
    const clear = (timer: unknown): void => void this.#timers.delete(timer as Timer);
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear, setInterval: repeat, clearInterval: clear });
    performance.now = () => this.now;
    return () => {
      const { now, setImmediate: _, ...timers } = real;
      Object.assign(globalThis, timers);
      performance.now = now;
    };
  }

  /** `node:timers/promises`, on this clock. */
  async delay(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const over = new AbortController();
    await new Promise<void>((resolve, reject) => {
      const timer = this.#add(ms, undefined, resolve);
      const abort = (): void => {
        this.#timers.delete(timer);
        reject(new Error('aborted'));
      };
      signal?.addEventListener('abort', abort, { once: true, signal: over.signal });
    }).finally(() => over.abort());
  }

  /** Lets `ms` milliseconds pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    await settle();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.now = Math.max(this.now, next.due);
      if (next.everyMs === undefined) this.#timers.delete(next);
      else next.due = this.now + next.everyMs;
      next.ring();
      await settle();
    }
    this.now = until;
  }

  #add(ms: number, everyMs: number | undefined, ring: () => void): Timer {
    const timer = new Timer(this.now + Math.max(1, ms), everyMs, ring);
    this.#timers.add(timer);
    return timer;
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.due <= until && (next === undefined || timer.due < next.due)) next = timer;
    return next;
  }
}

/** Resolves when what is ready to run has run: promises, ticks, and streams, which need two turns. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => real.setImmediate(resolve));
}
