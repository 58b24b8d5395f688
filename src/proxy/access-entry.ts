import type { Account } from './account.js';
import type { End } from './end.js';

/** What JSON needs to be told otherwise, and what is no ASCII. */
const UNSAFE = /[^ !#-[\]-~]/;
/** Times below this many tenths of a millisecond are written down once. */
const KNOWN_TENTHS = 10_000;

/**
 * Requests as lines of JSON, as pino would write them. They are put together by hand, of few pieces, since each piece is a
 * string that has to be made and copied: pino took some 2.5 µs for so many fields where this took less than 1.
 */
export class AccessEntries {
  readonly #prefix: string;
  /** By slot, how the lines of its worker end whose requests were answered without any ado. */
  readonly #tails: { readonly generation: number; readonly text: string }[] = [];
  #now = 0;
  #time = '';

  /** @param name of the instance, as in the other entries of the log */
  constructor(name: string) {
    this.#prefix = `{"level":30,"name":${quoted(name)},"event":"access","time":`;
  }

  line(account: Account, end: End, ms: number): string {
    const { client, line, status, bytes, firstByteMs } = account;
    const who = `${this.#prefix + this.#told(Date.now())},"client":${quoted(client)},`;
    const answered = `,"status":${status},"bytes":${bytes},"ttfbMs":${firstByteMs < 0 ? 'null' : tenths(firstByteMs)},"totalMs":`;
    return who + asked(line) + answered + tenths(ms) + this.#tail(account, end);
  }

  /** Many come within the same millisecond. */
  #told(now: number): string {
    if (now !== this.#now) this.#time = String(now);
    this.#now = now;
    return this.#time;
  }

  #tail(account: Account, end: End): string {
    const { slot, generation, attempts, heldMs } = account;
    if (end !== 'complete' || slot < 0 || attempts > 1 || heldMs >= 0) return tail(account, end);
    const before = this.#tails[slot];
    if (before?.generation === generation) return before.text;
    const text = tail(account, end);
    this.#tails[slot] = { generation, text };
    return text;
  }
}

function tail({ slot, generation, attempts, heldMs }: Account, end: End): string {
  const worker = slot < 0 ? '"slot":null,"generation":null' : `"slot":${slot},"generation":${generation}`;
  const retries = attempts > 1 ? attempts - 1 : 0;
  return `,${worker},"retries":${retries},"heldMs":${heldMs < 0 ? 0 : tenths(heldMs)},"end":"${end}"}\n`;
}

/** What cannot be read as a request line stands in the target's place. */
function asked(line: string): string {
  const methodEnd = line.indexOf(' ');
  const targetEnd = line.lastIndexOf(' ');
  if (methodEnd <= 0 || !line.startsWith('HTTP/', targetEnd + 1))
    return `"method":null,"target":${quoted(line)},"version":null`;
  const method = line.slice(0, methodEnd);
  const target = line.slice(methodEnd + 1, targetEnd);
  const version = line.slice(targetEnd + 6);
  if (UNSAFE.test(line)) return `"method":${quoted(method)},"target":${quoted(target)},"version":${quoted(version)}`;
  return `"method":"${method}","target":"${target}","version":"${version}"`;
}

const quoted = (text: string): string => (UNSAFE.test(text) ? escaped(text) : `"${text}"`);

/** All in ASCII, so that its bytes can be copied as they are, and nobody has to encode them. */
function escaped(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007f-\uffff]/g, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return `\\u${code.padStart(4, '0')}`;
  });
}

const known: string[] = [];

/** A tenth of a millisecond is as much as the clock is worth here; a float takes V8 longer to write than two integers. */
function tenths(ms: number): string {
  const count = Math.round(ms * 10);
  return count < KNOWN_TENTHS ? (known[count] ??= written(count)) : written(count);
}

const written = (count: number): string => `${Math.trunc(count / 10)}.${count % 10}`;
