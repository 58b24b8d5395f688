import { ChunkedBody, type Coding } from './chunked.js';
import { copy } from './fields.js';
import { Framing } from './framing.js';

/** The body of one message on its way through: finds its end and writes it down as the other side may read it. */
export class Body {
  /** The position behind what was written last. */
  outputEnd = 0;
  #framing: Framing = Framing.none;
  #remaining = 0;
  /** Made for the first message that is chunked: most connections never have one, and idle ones are many. */
  #chunked: ChunkedBody | undefined;

  /**
   * @param coding how a chunked body is written down
   * @param max the most bytes of data in a chunked body
   */
  begin(framing: Framing, length: number, coding: Coding, max: number): void {
    this.#framing = framing;
    this.#remaining = length;
    if (framing === Framing.chunked) (this.#chunked ??= new ChunkedBody()).begin(coding, max);
  }

  /** False for ever where only the end of the connection ends the body. */
  get isComplete(): boolean {
    switch (this.#framing) {
      case Framing.none:
        return true;
      case Framing.length:
        return this.#remaining === 0;
      case Framing.chunked:
        return this.#chunked!.isDone;
      default:
        return false;
    }
  }

  /** Whether the end of the connection is the end of the body, not its truncation. */
  get endsWithConnection(): boolean {
    return this.#framing === Framing.close;
  }

  /** Whether its bytes go on as they are, without chunks around them. */
  get isPlain(): boolean {
    return this.#framing === Framing.length || this.#framing === Framing.close;
  }

  /** Counts `length` bytes of a plain body that are passed on from where they lie; how many of them belong to it. */
  count(length: number): number {
    const counted = this.#framing === Framing.length ? Math.min(this.#remaining, length) : length;
    this.#remaining -= counted;
    return counted;
  }

  /**
   * Moves bytes[start, end), up to the end of the body, to `output` from `outputStart` on.
   *
   * @returns the position behind the last byte that belonged to the body, or minus the status to refuse with
   */
  pass(bytes: Uint8Array, start: number, end: number, output: Uint8Array, outputStart: number): number {
    switch (this.#framing) {
      case Framing.none:
        this.outputEnd = outputStart;
        return start;
      case Framing.chunked: {
        const consumed = this.#chunked!.pass(bytes, start, end, output, outputStart);
        this.outputEnd = this.#chunked!.outputEnd;
        return consumed;
      }
      default: {
        const length = this.count(end - start);
        this.outputEnd = copy(bytes, start, start + length, output, outputStart);
        return start + length;
      }
    }
  }
}
