import { CR, HEX_DIGIT, LF } from './characters.js';
import { Extension, afterExtensionByte } from './chunk-extension.js';
import { Trailers } from './trailers.js';

/** The most bytes of chunk extensions in one message; they are read over, never forwarded (RFC 9112 7.1.1). */
const MAX_EXTENSIONS = 16 * 1024;
/** 2^52 bytes and more overflow what a number counts exactly. */
const MAX_SIZE_DIGITS = 13;

const SEMICOLON = 0x3b;

const State = {
  sizeStart: 0,
  size: 1,
  extension: 2,
  sizeEnd: 3,
  data: 4,
  dataCr: 5,
  dataLf: 6,
  trailerStart: 7,
  trailer: 8,
  lastLf: 9,
  done: 10,
} as const;
type State = (typeof State)[keyof typeof State];

/** How a chunked body is written down: the data alone, or in chunks, without or with the trailers behind them. */
export type Coding = 'none' | 'chunked' | 'chunked with trailers';

/**
 * Reads a chunked body (RFC 9112 7.1) as it arrives, in pieces of any size, and writes it down anew: sizes without
 * leading zeros and no extensions; or the data alone, for who does not understand the coding.
 *
 * What it writes is never longer than what it read, but for the trailers, which it holds until it knows them all, and the
 * 5 bytes that end the body.
 */
export class ChunkedBody {
  /** The position behind what was written last. */
  outputEnd = 0;
  #state: State = State.sizeStart;
  #coding: Coding = 'chunked';
  readonly #trailers = new Trailers();
  /** How many bytes of data may still come. */
  #room = Infinity;
  #remaining = 0;
  #digits = 0;
  #extension: Extension = Extension.start;
  #skipped = 0;

  /** @param max the most bytes of data */
  begin(coding: Coding, max: number): void {
    this.#state = State.sizeStart;
    this.#coding = coding;
    this.#room = max;
    this.#skipped = 0;
    // The body before may have ended in the middle of its own.
    this.#trailers.clear();
  }

  get isDone(): boolean {
    return this.#state === State.done;
  }

  /**
   * Moves bytes[start, end), up to the end of the body, to `output` from `outputStart` on.
   *
   * @returns the position behind the last byte that belonged to the body, or minus the status to refuse with
   */
  pass(bytes: Uint8Array, start: number, end: number, output: Uint8Array, outputStart: number): number {
    this.outputEnd = outputStart;
    let at = start;
    while (at < end && this.#state !== State.done) {
      if (this.#state === State.data) at = this.#passData(bytes, at, end, output);
      else if (!this.#take(bytes[at++]!, output)) return this.#room < 0 ? -413 : -400;
    }
    return at;
  }

  #passData(bytes: Uint8Array, start: number, end: number, output: Uint8Array): number {
    const length = Math.min(this.#remaining, end - start);
    output.set(bytes.subarray(start, start + length), this.outputEnd);
    this.outputEnd += length;
    this.#remaining -= length;
    if (this.#remaining === 0) this.#state = State.dataCr;
    return start + length;
  }

  /** One byte of everything that is not data; false when it has no place there. */
  #take(byte: number, output: Uint8Array): boolean {
    switch (this.#state) {
      case State.sizeStart:
        this.#remaining = 0;
        this.#digits = 0;
        return this.#takeSizeDigit(byte);
      case State.size:
        return this.#takeSize(byte);
      case State.extension:
        return this.#takeExtension(byte);
      case State.sizeEnd:
        return byte === LF && this.#openChunk(output);
      case State.dataCr:
        return byte === CR && this.#move(State.dataLf);
      case State.dataLf:
        return byte === LF && this.#closeChunk(output);
      default:
        return this.#takeTrailer(byte, output);
    }
  }

  #takeSizeDigit(byte: number): boolean {
    const digit = HEX_DIGIT[byte]!;
    if (digit === 255 || (this.#remaining > 0 && ++this.#digits >= MAX_SIZE_DIGITS)) return false;
    // Leading zeros are legal, but not without end.
    if (digit === 0 && this.#remaining === 0 && ++this.#skipped > MAX_EXTENSIONS) return false;
    this.#remaining = this.#remaining * 16 + digit;
    return this.#move(State.size);
  }

  #takeSize(byte: number): boolean {
    if (byte === CR) return this.#move(State.sizeEnd);
    // RFC 9112 7.1.1 allows blanks before the semicolon only for compatibility; padding is how parsers are split.
    if (byte !== SEMICOLON) return this.#takeSizeDigit(byte);
    this.#extension = Extension.start;
    return this.#move(State.extension);
  }

  #takeExtension(byte: number): boolean {
    this.#extension = afterExtensionByte(this.#extension, byte);
    if (this.#extension === Extension.ended) return this.#move(State.sizeEnd);
    return this.#extension !== Extension.malformed && ++this.#skipped <= MAX_EXTENSIONS;
  }

  #openChunk(output: Uint8Array): boolean {
    if (this.#remaining === 0) return this.#move(State.trailerStart);
    this.#room -= this.#remaining;
    if (this.#room < 0) return false;
    if (this.#coding !== 'none') this.#write(output, `${this.#remaining.toString(16)}\r\n`);
    return this.#move(State.data);
  }

  #closeChunk(output: Uint8Array): boolean {
    if (this.#coding !== 'none') this.#write(output, '\r\n');
    return this.#move(State.sizeStart);
  }

  #takeTrailer(byte: number, output: Uint8Array): boolean {
    switch (this.#state) {
      case State.trailerStart:
        return byte === CR ? this.#move(State.lastLf) : this.#trailers.take(byte) && this.#move(State.trailer);
      case State.trailer:
        if (!this.#trailers.take(byte)) return false;
        return !this.#trailers.areWhole || this.#finish(output);
      default:
        return byte === LF && this.#finish(output);
    }
  }

  #finish(output: Uint8Array): true {
    if (this.#coding !== 'none') this.#write(output, '0\r\n');
    if (this.#coding === 'chunked with trailers') this.outputEnd = this.#trailers.write(output, this.outputEnd);
    if (this.#coding !== 'none') this.#write(output, '\r\n');
    this.#trailers.clear();
    return this.#move(State.done);
  }

  #move(state: State): true {
    this.#state = state;
    return true;
  }

  #write(output: Uint8Array, text: string): void {
    for (let i = 0; i < text.length; i++) output[this.outputEnd++] = text.charCodeAt(i);
  }
}
