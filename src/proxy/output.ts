import type { Socket } from 'node:net';
import { READ_SIZE } from './reading.js';
import { unsentBytes, writeAtOnce } from './writing.js';

/** A read behind the longest head that is still incomplete, with room for what zdlb adds; who holds more sends in parts. */
const SIZE = READ_SIZE + 96 * 1024;

/** Views of up to this many bytes are made once and kept: a new one for each write costs 0.1 µs. */
const MAX_KEPT_VIEW = 2_048;

/**
 * Where everything that leaves is put together: head and body go out in one write, from one static buffer.
 *
 * When the kernel did not take all of a write at once, the rest still points into the buffer; then the buffer is left to
 * it and a new one takes its place.
 */
class Output {
  bytes: Buffer = Buffer.allocUnsafeSlow(SIZE);
  #views: (Buffer | undefined)[] = Array.from({ length: MAX_KEPT_VIEW });

  /** Writes bytes[0, length); false when the socket is backed up: its source should stop reading until 'drain'. */
  send(socket: Socket, length: number): boolean {
    if (length === 0 ? unsentBytes(socket) === 0 : this.#write(socket, length)) return true;
    tellOfDrain(socket);
    return false;
  }

  /** Writes bytes that are only lent (a read buffer's). */
  relay(socket: Socket, lent: Buffer, length: number): boolean {
    this.bytes.set(lent.subarray(0, length), 0);
    return this.send(socket, length);
  }

  #write(socket: Socket, length: number): boolean {
    const bytes = this.#view(length);
    if (socket.writableLength > 0) {
      socket.write(Buffer.from(bytes));
      return false;
    }
    const isTaken = writeAtOnce(socket, bytes);
    if (!isTaken) this.#replace();
    return isTaken;
  }

  #view(length: number): Buffer {
    if (length >= MAX_KEPT_VIEW) return this.bytes.subarray(0, length);
    return (this.#views[length] ??= this.bytes.subarray(0, length));
  }

  #replace(): void {
    this.bytes = Buffer.allocUnsafeSlow(SIZE);
    this.#views = Array.from({ length: MAX_KEPT_VIEW });
  }
}

const NOTHING = Buffer.alloc(0);

/**
 * Node emits 'drain' only behind a queue of the stream's own that had reached its high-water mark. Behind any other, whose
 * source has stopped all the same, an empty write tells when everything before it has left.
 */
function tellOfDrain(socket: Socket): void {
  if (socket.writableNeedDrain) return;
  socket.write(NOTHING, (error) => {
    if (!error) socket.emit('drain');
  });
}

/** The one output buffer: a send is over before anyone else can begin one. */
export const output = new Output();
