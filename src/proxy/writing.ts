import { Socket, type SocketConstructorOpts } from 'node:net';
import { getSystemErrorName } from 'node:util';

/** What a socket holds inside; not documented, so nothing outside this file and reading.ts may know of it. */
interface Inside {
  readonly _handle: Handle | null;
}

interface Handle {
  /** How many bytes the kernel has not taken yet. */
  readonly writeQueueSize: number;
  /** Writes at once what the kernel takes and queues the rest; 0, a negative error, or (Node 26) the queued request. */
  writeBuffer(request: WriteRequest | null, bytes: Buffer): number | WriteRequest;
}

/** A write that the kernel did not take whole. */
interface WriteRequest {
  /** The bytes have to live until `oncomplete`. */
  buffer?: Buffer;
  oncomplete?: (status: number) => void;
  /** Positive from the time that a write uses it, until that is complete. */
  getAsyncId(): number;
}

/**
 * Writes to a connected socket without the stream in between, in one system call; whether the kernel took all of it. What it
 * did not take is queued and still needs `bytes`. Against `socket.write` this saves 0.8 of the relay's 21 µs of CPU per request
 * (Node 20): no chunk is queued, no write request made, and no tick scheduled.
 *
 * The stream knows nothing of such bytes: see {@link unsentBytes}. What is written through the stream later goes behind
 * them, and so does its end.
 */
export function writeAtOnce(socket: Socket, bytes: Buffer): boolean {
  const handle = (socket as unknown as Inside)._handle;
  if (write === undefined || handle === null || socket.connecting || !socket.writable || socket.writableLength > 0) {
    socket.write(bytes);
    return socket.writableLength === 0;
  }
  const outcome = write(handle, bytes);
  if (outcome === 0 && handle.writeQueueSize === 0) return true;
  if (typeof outcome === 'number' && outcome < 0) socket.destroy(failure(outcome));
  else followUp(socket, outcome, bytes);
  return false;
}

/** How many bytes the kernel has not taken yet. */
export function unsentBytes(socket: Socket): number {
  const handle = (socket as unknown as Inside)._handle;
  return Math.max(socket.writableLength, handle?.writeQueueSize ?? 0);
}

type Write = (handle: Handle, bytes: Buffer) => number | WriteRequest;

/**
 * Node up to 24 wants a request object with each write, which only a queued write uses up. Given a second time, it ends the
 * process. An empty queue does not say that it is unused: a kernel that takes a part may take the rest as that is queued.
 */
function givingRequests(make: () => WriteRequest): Write {
  let spare = make();
  return (handle, bytes) => {
    const error = handle.writeBuffer(spare, bytes);
    if (error !== 0 || spare.getAsyncId() <= 0) return error;
    const queued = spare;
    spare = make();
    return queued;
  };
}

/** Node 26 makes the request object itself, for queued writes alone. */
const takingRequests: Write = (handle, bytes) => handle.writeBuffer(null, bytes);

/** Watches over what was queued: it must live until it is gone, and its error is the socket's. */
function followUp(socket: Socket, queued: number | WriteRequest, bytes: Buffer): void {
  if (typeof queued === 'number') return;
  queued.buffer = bytes;
  queued.oncomplete = (status) => {
    if (status < 0) socket.destroy(failure(status));
  };
}

function failure(error: number): Error {
  const code = getSystemErrorName(error);
  return Object.assign(new Error(`write ${code}`), { code, errno: error, syscall: 'write' });
}

/** How this Node writes, learned from what its streams ask of a handle; undefined where that is not known here. */
const write: Write | undefined = (() => {
  let asked: WriteRequest | null | undefined;
  const handle = {
    writeBuffer(request: WriteRequest | null): number {
      asked = request;
      return 0;
    },
    getAsyncId: () => 0,
    close() {},
  };
  try {
    const probe = new Socket({ handle, readable: false, writable: true } as unknown as SocketConstructorOpts);
    probe.write(Buffer.alloc(1));
    probe.destroy();
  } catch {
    return undefined;
  }
  if (asked === null) return takingRequests;
  const Request = asked?.constructor as (new () => WriteRequest) | undefined;
  if (Request?.name !== 'WriteWrap' || typeof asked?.getAsyncId !== 'function') return undefined;
  return givingRequests(() => new Request());
})();
