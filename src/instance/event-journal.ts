import type { EventEmitter } from 'node:events';
import type { Entry, Journal } from '../core/journal.js';
import { type EventMap, LEVELS, type Level } from './events.js';

/** The log of an instance that runs in somebody's program: what it did becomes events, and goes on to logs that are wanted. */
export class EventJournal implements Journal {
  readonly #events: EventEmitter<EventMap>;
  readonly #logs: Journal[] = [];
  #least: number;

  /** @param least level that goes on to logs */
  constructor(events: EventEmitter<EventMap>, least: string) {
    this.#events = events;
    this.#least = rank(least);
  }

  set level(least: string) {
    this.#least = rank(least);
  }

  /** Tells `log` too, from now on. */
  tell(log: Journal): void {
    this.#logs.push(log);
  }

  debug(entry: Entry, message: string): void {
    this.#write('debug', entry, message);
  }

  info(entry: Entry, message: string): void {
    this.#write('info', entry, message);
  }

  warn(entry: Entry, message: string): void {
    this.#write('warn', entry, message);
  }

  error(entry: Entry, message: string): void {
    this.#write('error', entry, message);
  }

  #write(level: Level, entry: Entry, message: string): void {
    if (LEVELS.indexOf(level) >= this.#least) for (const log of this.#logs) log[level](entry, message);
    this.#emit(entry.event, { ...entry, level, message });
    this.#emit('entry', { ...entry, level, message });
  }

  /** In a turn of its own: what a listener throws must not end what zdlb is in the middle of. */
  #emit(name: string, event: EventMap['entry'][0]): void {
    const events = this.#events as EventEmitter;
    if (events.listenerCount(name) > 0) process.nextTick(() => events.emit(name, event));
  }
}

/** Levels that are none of an entry's: `trace` is below all, `fatal` and `silent` are above. */
function rank(level: string): number {
  const at = LEVELS.indexOf(level as Level);
  return at >= 0 ? at : level === 'trace' ? 0 : LEVELS.length;
}
