import type { Readable } from 'node:stream';
import { withinTime } from '../core/deadline.js';
import { Deferred } from '../core/deferred.js';
import { Lines } from './lines.js';
import { Tail } from './tail.js';

const MAX_LINE = 16 * 1024;
/** How many bytes of a stream are taken in one turn of the event loop. */
const SHARE = 4 * 1024;
/** How long the output of an exited worker is waited for: the pipes may be held open by a process that it left behind. */
const LINGER_MS = 200;

/** A worker's standard output and error, line by line, the last of it kept for failure reports. */
export class Output {
  readonly tail = new Tail();
  readonly #streams: readonly Readable[];
  readonly #closed: Promise<unknown>;

  constructor(stdout: Readable, stderr: Readable, each: (stream: 'stdout' | 'stderr', line: string) => void) {
    this.#streams = [stdout, stderr];
    this.#closed = Promise.all([
      readLines(stdout, MAX_LINE, (line) => each('stdout', line)),
      readLines(stderr, MAX_LINE, (line) => {
        this.tail.push(line);
        each('stderr', line);
      }),
    ]);
  }

  /** Resolves when an exited worker's output has been read to its end, or after 200 ms. */
  async settle(): Promise<void> {
    await withinTime(LINGER_MS, this.#closed);
    // Whatever still holds the pipes may write on, but must not keep the front alive.
    for (const stream of this.#streams) if ('unref' in stream) (stream.unref as () => void)();
  }
}

/**
 * Calls `each` with every line of `stream`; resolves when the stream has closed.
 *
 * Between two turns of the event loop it takes a small share: the rest waits in the pipe, so that a worker that floods its
 * output slows down itself and not everybody's requests.
 */
export function readLines(stream: Readable, limit: number, each: (line: string) => void): Promise<void> {
  const closed = new Deferred<void>();
  const lines = new Lines(limit, each);
  let next: NodeJS.Immediate | undefined;
  const takeShare = (): void => {
    next = undefined;
    const share = stream.read(Math.min(stream.readableLength, SHARE)) as Buffer | null;
    if (share === null) return;
    lines.write(share);
    next = setImmediate(takeShare);
  };
  stream.on('readable', () => {
    if (next === undefined) takeShare();
  });
  stream.once('close', () => {
    lines.end();
    closed.resolve();
  });
  stream.on('error', () => {}); // a pipe that breaks closes, and that is all there is to know
  return closed.promise;
}
