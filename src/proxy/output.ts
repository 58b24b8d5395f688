import type { Socket } from 'node:net';
import { READ_SIZE } from './reading.js';

/** A read behind the longest head that is still incomplete (32 KiB), with room for what zdlb adds; who holds more sends in parts. */
const SIZE = READ_SIZE + 64 * 1024;

/**
 * Where everything that leaves is put together: head and body go out in one write, from one static buffer.
 *
 * When the kernel did not take all of a write at once, the rest still points into the buffer; then the buffer is left to
 * it and a new one takes its place.
 */
class Output {
  bytes: Buffer = Buffer.allocUnsafeSlow(SIZE);

  /** Writes bytes[0, length); false when the socket is backed up: its source should stop reading until 'drain'. */
  send(socket: Socket, length: number): boolean {
    if (length > 0) this.#write(socket, length);
    if (socket.writableLength === 0) return true;
    tellOfDrain(socket);
    return false;
  }

  /** Writes bytes that are only lent (a read buffer's). */
  relay(socket: Socket, lent: Buffer, length: number): boolean {
    this.bytes.set(lent.subarray(0, length), 0);
    return this.send(socket, length);
  }

  #write(socket: Socket, length: number): void {
    const bytes = this.bytes.subarray(0, length);
    const isBackedUp = socket.writableLength > 0;
    socket.write(isBackedUp ? Buffer.from(bytes) : bytes);
    if (!isBackedUp && socket.writableLength > 0) this.bytes = Buffer.allocUnsafeSlow(SIZE);
  }
}

const NOTHING = Buffer.alloc(0);

/**
 * Node emits 'drain' only behind a queue that had reached its high-water mark. Behind a shorter one, whose source has stopped
 * all the same, an empty write tells when everything before it has left.
 */
function tellOfDrain(socket: Socket): void {
  if (socket.writableNeedDrain) return;
  socket.write(NOTHING, (error) => {
    if (!error) socket.emit('drain');
  });
}

/** The one output buffer: a send is over before anyone else can begin one. */
export const output = new Output();
