import type { Socket } from 'node:net';
import { READ_SIZE } from './reading.js';

/** A read behind the longest head that is still incomplete (32 KiB), with room for what zdlb adds. */
const SIZE = READ_SIZE + 64 * 1024;

/**
 * Where everything that leaves is put together: head and body go out in one write, from one static buffer.
 *
 * When the kernel did not take all of a write at once, the rest still points into the buffer; then the buffer is left to
 * it and a new one takes its place.
 */
class Output {
  bytes: Buffer = Buffer.allocUnsafeSlow(SIZE);

  /** Writes bytes[0, length); false when the socket is backed up and its source should stop reading until 'drain'. */
  send(socket: Socket, length: number): boolean {
    if (length === 0) return socket.writableLength === 0;
    if (socket.writableLength > 0) {
      socket.write(Buffer.from(this.bytes.subarray(0, length)));
      return false;
    }
    socket.write(this.bytes.subarray(0, length));
    if (socket.writableLength === 0) return true;
    this.bytes = Buffer.allocUnsafeSlow(SIZE);
    return false;
  }

  /** Writes bytes that are only lent (a read buffer's). */
  relay(socket: Socket, lent: Buffer, length: number): boolean {
    this.bytes.set(lent.subarray(0, length), 0);
    return this.send(socket, length);
  }
}

/** The one output buffer: a send is over before anyone else can begin one. */
export const output = new Output();
