const SMALLEST = 512;

/** Bytes that are kept in order, in one piece, up to a bound that its owner watches. Holds no memory while empty. */
export class ByteQueue {
  #bytes: Buffer = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The bytes kept; good until the next change. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Appends a copy of bytes[start, end). */
  append(bytes: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) this.#grow(length);
    bytes.copy(this.#bytes, this.#length, start, end);
    this.#length = length;
  }

  /** Forgets what is behind the first `length` bytes. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** Forgets all bytes; keeps a small buffer for the next ones. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > SMALLEST) this.#bytes = EMPTY;
  }

  #grow(length: number): void {
    let size = SMALLEST;
    while (size < length) size *= 2;
    const larger = Buffer.allocUnsafe(size);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
