import type { Entry } from './entry.js';

/** What a generation is doing; once it is over, how it ended. */
export type Phase = 'starting' | 'serving' | 'standby' | 'retiring';
export type Fate = 'retired' | 'failed' | 'taken back';

/** A phase from its beginning to its end, which is open while it lasts. */
export interface Span {
  readonly phase: Phase;
  readonly from: number;
  readonly to: number | undefined;
}

/** Something that happened to a generation on the way. */
export interface Mark {
  readonly kind: 'failed' | 'crash' | 'notice';
  readonly at: number;
  readonly text: string;
}

const MAX_MARKS = 40;

/** What became of one generation. */
export class Chapter {
  readonly generation: number;
  /** How it is to end, or has. */
  fate: Fate | undefined;
  readonly #past: Span[] = [];
  readonly #marks: Mark[] = [];
  #phase: Phase = 'starting';
  #since: number;
  #over: number | undefined;

  constructor(generation: number, at: number) {
    this.generation = generation;
    this.#since = at;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** When the present phase began. */
  get since(): number {
    return this.#since;
  }

  get began(): number {
    return this.#past[0]?.from ?? this.#since;
  }

  get over(): number | undefined {
    return this.#over;
  }

  get spans(): readonly Span[] {
    return [...this.#past, { phase: this.#phase, from: this.#since, to: this.#over }];
  }

  get marks(): readonly Mark[] {
    return this.#marks;
  }

  to(phase: Phase, at: number): void {
    if (this.isOver || phase === this.#phase) return;
    this.#past.push({ phase: this.#phase, from: this.#since, to: at });
    this.#phase = phase;
    this.#since = at;
  }

  mark(kind: Mark['kind'], { time, msg }: Entry): void {
    this.#marks.push({ kind, at: time, text: msg });
    if (this.#marks.length > MAX_MARKS) this.#marks.shift();
  }

  end(fate: Fate, at: number): void {
    this.fate = fate;
    this.#over ??= at;
  }
}
