import { type AsciiPage, longestInside, piece } from '../core/ascii-page.js';
import type { End } from './end.js';
import { type RequestLine, VERSION_LENGTH } from './request-line.js';

const METHOD = piece('","method":"');
const GET_TARGET = piece('","method":"GET","target":"');
const TARGET = piece('","target":"');
const VERSION = piece('","version":"');
const FIRST_BYTE = piece(',"ttfbMs":');
const TOTAL = piece(',"totalMs":');
/** What cannot be read as a request line stands in the target's place. */
const NO_METHOD = piece('","method":null,"target":"');
const NO_VERSION = piece('","version":null');
const NULL = piece('null');
const GET = piece('GET ');
const HTTP = piece(' HTTP/');
const HTTP_11 = piece(' HTTP/1.1');
/** Ample for all that has the same length in all lines, or has a number's. */
const FRAME = 512;
/** Of the time, in digits; before 2001 there are fewer, and a machine without a clock of its own may start in 1970. */
const TIME_LENGTH = 13;

/** What is written of a request; see Account. */
export interface Entry {
  readonly client: Buffer;
  readonly line: RequestLine;
  readonly beganAt: number;
  readonly firstByteMs: number;
  readonly heldMs: number;
  readonly bytes: number;
  readonly status: number;
  readonly slot: number;
  readonly generation: number;
  readonly attempts: number;
}

/** Of all statuses that a worker may send. */
const STATUSES = 1_000;

/**
 * Requests as lines of JSON, as pino would write them, which took some 2.5 µs for so many fields. What many lines have in
 * common is one piece, since each piece is a call.
 */
export class AccessEntries {
  /** How all lines begin, with the time of the last one. */
  readonly #start: Buffer;
  readonly #timeAt: number;
  #time: number | undefined;
  /** By status, what stands between the target and the number of bytes, where the version is 1.1. */
  readonly #answers: (Buffer | undefined)[] = Array.from({ length: STATUSES });
  /** By slot, how the lines of its worker end whose requests were answered without any ado. */
  readonly #tails: { readonly generation: number; readonly tail: Buffer }[] = [];

  /** @param name of the instance, as in the other entries of the log */
  constructor(name: string) {
    const head = `{"level":30,"name":${JSON.stringify(name)},"event":"access","time":`;
    this.#timeAt = head.length;
    this.#start = piece(`${head}${' '.repeat(TIME_LENGTH)},"client":"`);
  }

  /** How many bytes its line has at the most. */
  longest({ client, line }: Entry): number {
    return FRAME + this.#start.length + longestInside(client) + longestInside(line);
  }

  /**
   * Writes its line; there has to be room for it.
   *
   * @param time when it ended, in milliseconds since 1970
   * @param ms how long it took
   */
  write(page: AsciiPage, entry: Entry, end: End, time: number, ms: number): void {
    if (time !== this.#time) this.#tell(time);
    page.put(this.#start);
    page.inside(entry.client, 0, entry.client.length);
    this.#putLine(page, entry);
    page.natural(entry.bytes);
    page.putShort(FIRST_BYTE);
    if (entry.firstByteMs < 0) page.putShort(NULL);
    else page.tenths(entry.firstByteMs);
    page.putShort(TOTAL);
    page.tenths(ms);
    page.put(this.#tailOf(entry, end));
  }

  #tell(time: number): void {
    this.#time = time;
    this.#start.write(String(time).padStart(TIME_LENGTH), this.#timeAt, 'latin1');
  }

  /** What was asked, and the status of the answer. */
  #putLine(page: AsciiPage, { line, status }: Entry): void {
    const { bytes, length } = line;
    const isGet = line.has(GET, 0);
    const methodEnd = isGet ? 3 : line.methodEnd;
    const targetEnd = length - VERSION_LENGTH;
    const is11 = line.has(HTTP_11, targetEnd);
    if (methodEnd <= 0 || !(is11 || line.has(HTTP, targetEnd))) {
      page.put(NO_METHOD);
      page.inside(bytes, 0, length);
      page.put(NO_VERSION);
      page.put(piece(answerTo(status)));
      return;
    }
    if (isGet) {
      page.put(GET_TARGET);
    } else {
      page.put(METHOD);
      page.inside(bytes, 0, methodEnd);
      page.put(TARGET);
    }
    page.inside(bytes, methodEnd + 1, targetEnd);
    if (is11) {
      page.put((this.#answers[status] ??= piece(`","version":"1.1"${answerTo(status)}`)));
    } else {
      page.put(VERSION);
      page.inside(bytes, targetEnd + 6, length);
      page.put(piece(`"${answerTo(status)}`));
    }
  }

  #tailOf(entry: Entry, end: End): Buffer {
    const { slot, generation, attempts, heldMs } = entry;
    if (end !== 'complete' || slot < 0 || attempts > 1 || heldMs >= 0) return tailOf(entry, end);
    const known = this.#tails[slot];
    if (known?.generation === generation) return known.tail;
    const tail = tailOf(entry, end);
    this.#tails[slot] = { generation, tail };
    return tail;
  }
}

const answerTo = (status: number): string => `,"status":${status},"bytes":`;

function tailOf({ slot, generation, attempts, heldMs }: Entry, end: End): Buffer {
  const worker = slot < 0 ? '"slot":null,"generation":null' : `"slot":${slot},"generation":${generation}`;
  const retries = attempts > 1 ? attempts - 1 : 0;
  return piece(`,${worker},"retries":${retries},"heldMs":${heldMs < 0 ? '0' : heldMs.toFixed(1)},"end":"${end}"}\n`);
}
