/** A complete response, as it came over the wire. */
export interface Response {
  readonly status: number;
  /** Names in lower case; a repeated field's values joined with `, `. */
  readonly fields: ReadonlyMap<string, string>;
  readonly trailers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** What the parser tells while it reads. */
export interface Listener {
  /** The method of the request that the coming response answers; undefined when none is outstanding. */
  method(): string | undefined;
  head(status: number, fields: ReadonlyMap<string, string>): void;
  done(response: Response): void;
}

type State = 'head' | 'sized' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close';

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\t\x20-\x7e\x80-\xff]*$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const CHUNK_SIZE = /^([0-9a-fA-F]{1,8})(?:[ \t]*;[\t\x20-\x7e]*)?$/;
const EMPTY = Buffer.alloc(0);
const NO_FIELDS: ReadonlyMap<string, string> = new Map();

/**
 * Reads the responses of one HTTP/1.1 connection and forgives nothing: what RFC 9112 does not allow throws, and so does
 * a byte that no request asked for.
 */
export class ResponseParser {
  readonly #listener: Listener;
  #state: State = 'head';
  #pending: Buffer = EMPTY;
  #status = 0;
  #fields = NO_FIELDS;
  #parts: Buffer[] = [];
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left = 0;
  /** One step ahead in each state; false when it takes more bytes. */
  readonly #steps: Readonly<Record<State, () => boolean>> = {
    head: () => this.#readHead(),
    sized: () => this.#readBody(() => this.#complete(NO_FIELDS)),
    'chunk-size': () => this.#readChunkSize(),
    chunk: () => this.#readBody(() => (this.#state = 'chunk-end')),
    'chunk-end': () => this.#readChunkEnd(),
    trailers: () => this.#readTrailers(),
    'until-close': () => this.#readRest(),
  };

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Whether the connection stands between two responses. */
  get idle(): boolean {
    return this.#state === 'head' && this.#pending.length === 0;
  }

  /** @throws {Error} at the first byte that is not as it must be */
  push(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    while (this.#pending.length > 0 && this.#steps[this.#state]());
  }

  /** The other side has ended the connection properly, which completes a response that has no other end. */
  end(): void {
    if (this.#state === 'until-close') this.#complete(NO_FIELDS);
  }

  #readHead(): boolean {
    const method = this.#listener.method();
    if (method === undefined) throw new Error(`Unasked bytes: ${this.#excerpt()}`);
    const end = this.#pending.indexOf('\r\n\r\n');
    if (end === -1) return false;
    const [statusLine = '', ...lines] = this.#take(end + 4)
      .toString('latin1', 0, end)
      .split('\r\n');
    const status = STATUS_LINE.exec(statusLine);
    if (status === null) throw new Error(`Bad status line: ${JSON.stringify(statusLine)}`);
    this.#status = Number(status[1]);
    this.#fields = readFields(lines);
    if (this.#status < 200) return true;
    this.#listener.head(this.#status, this.#fields);
    this.#parts = [];
    this.#frame(method);
    return true;
  }

  /** Chooses how the body ends: RFC 9112, section 6.3. */
  #frame(method: string): void {
    const length = this.#fields.get('content-length');
    const coding = this.#fields.get('transfer-encoding');
    if (length !== undefined && coding !== undefined) throw new Error('Both Content-Length and Transfer-Encoding');
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new Error(`Bad Content-Length: ${length}`);
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw new Error(`Bad Transfer-Encoding: ${coding}`);
    this.#left = Number(length ?? 0);
    const bodiless = method === 'HEAD' || this.#status === 204 || this.#status === 304;
    if (bodiless || length === '0') this.#complete(NO_FIELDS);
    else this.#state = coding !== undefined ? 'chunk-size' : length !== undefined ? 'sized' : 'until-close';
  }

  #readBody(finish: () => void): boolean {
    const part = this.#take(Math.min(this.#left, this.#pending.length));
    this.#parts.push(part);
    this.#left -= part.length;
    if (this.#left > 0) return false;
    finish();
    return true;
  }

  #readRest(): boolean {
    this.#parts.push(this.#take(this.#pending.length));
    return false;
  }

  #readChunkSize(): boolean {
    const line = this.#takeLine();
    if (line === undefined) return false;
    const size = CHUNK_SIZE.exec(line);
    if (size === null) throw new Error(`Bad chunk size: ${JSON.stringify(line)}`);
    this.#left = Number.parseInt(size[1]!, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk';
    return true;
  }

  #readChunkEnd(): boolean {
    if (this.#pending.length < 2) return false;
    const end = this.#take(2).toString('latin1');
    if (end !== '\r\n') throw new Error(`Bad end of a chunk: ${JSON.stringify(end)}`);
    this.#state = 'chunk-size';
    return true;
  }

  #readTrailers(): boolean {
    if (this.#pending.length >= 2 && this.#pending.toString('latin1', 0, 2) === '\r\n') {
      this.#take(2);
      this.#complete(NO_FIELDS);
      return true;
    }
    const end = this.#pending.indexOf('\r\n\r\n');
    if (end === -1) return false;
    this.#complete(
      readFields(
        this.#take(end + 4)
          .toString('latin1', 0, end)
          .split('\r\n'),
      ),
    );
    return true;
  }

  #complete(trailers: ReadonlyMap<string, string>): void {
    const body = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#state = 'head';
    this.#listener.done({ status: this.#status, fields: this.#fields, trailers, body });
  }

  #take(length: number): Buffer {
    const taken = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return taken;
  }

  #takeLine(): string | undefined {
    const end = this.#pending.indexOf('\r\n');
    return end === -1 ? undefined : this.#take(end + 2).toString('latin1', 0, end);
  }

  #excerpt(): string {
    return JSON.stringify(this.#pending.toString('latin1', 0, 80));
  }
}

function readFields(lines: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`Bad field line: ${JSON.stringify(line)}`);
    const key = name.toLowerCase();
    const before = fields.get(key);
    fields.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}
