import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ResponseParser, type Response } from './response.ts';

/** Why a request got no proper response. */
export type Failure =
  /** The connection was reset, or closed, with not one byte of the response come. */
  | 'reset-before-response'
  | 'closed-before-response'
  /** It was reset or closed within the response. */
  | 'cut-in-response'
  | 'timeout'
  /** What came is not HTTP. */
  | 'malformed';

/** What the other side did to a connection with no request outstanding. */
export type Lapse = 'closed-by-server' | 'malformed';

/** A request as it goes over the wire. */
export interface Request {
  readonly method: string;
  /** At least the head; the rest may follow with {@link RawClient.write}. */
  readonly bytes: Buffer | string;
  /** Called when the head of the response has come. */
  onHead?(status: number, fields: ReadonlyMap<string, string>): void;
}

/** What became of a request. */
export type Exchange = { readonly response: Response } | { readonly failure: Failure; readonly detail: string };

interface Outstanding {
  readonly request: Request;
  readonly settle: (exchange: Exchange) => void;
}

/** No byte in either direction for this long is a failure. */
const SILENCE_MS = 15_000;

/** One HTTP/1.1 connection on a bare socket: it never repeats a request, never reconnects, and reads strictly. */
export class RawClient {
  readonly #socket: Socket;
  readonly #parser: ResponseParser;
  readonly #outstanding: Outstanding[] = [];
  #state: 'open' | 'ending' | 'closed' = 'open';
  #responding = false;
  #lapse: Lapse | undefined;
  #wasTold = false;
  /** Resolves when the socket is closed, by whomever. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#parser = new ResponseParser({
      method: () => this.#outstanding[0]?.request.method,
      head: (status, fields) => this.#head(status, fields),
      done: (response) => this.#done(response),
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
    this.#listen();
  }

  /**
   * @param place a port, or the path of a Unix socket
   * @throws {Error} the system's, such as ECONNREFUSED
   */
  static async connect(place: number | string, host = '127.0.0.1'): Promise<RawClient> {
    const socket = connect(typeof place === 'string' ? { path: place } : { port: place, host, noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Whether another request may be sent: neither side has closed or announced to. */
  get open(): boolean {
    return this.#state === 'open';
  }

  /** Set when the other side closed the connection, announced to, or spoke unasked, while no request was outstanding. */
  get lapse(): Lapse | undefined {
    return this.#lapse;
  }

  /** Whether an answer said `Connection: close`, as a server does that wants its clients to connect anew. */
  get wasTold(): boolean {
    return this.#wasTold;
  }

  /** Sends a request, behind those outstanding if there are any, and resolves with what became of it. Never rejects. */
  exchange(request: Request): Promise<Exchange> {
    return new Promise((settle) => {
      this.#outstanding.push({ request, settle });
      if (this.#state === 'closed') this.#fail('closed-before-response', 'sent on a closed connection');
      else this.write(request.bytes);
    });
  }

  /** Sends more of the request that was begun last; without effect once the connection is closed. */
  write(bytes: Buffer | string): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Ends the connection from this side. */
  end(): void {
    this.#state = this.#state === 'open' ? 'ending' : this.#state;
    this.#socket.end();
  }

  /** Drops the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #listen(): void {
    let error = '';
    this.#socket.setTimeout(SILENCE_MS, () => {
      if (this.#outstanding.length > 0) this.#fail('timeout', `silence for ${SILENCE_MS} ms`);
    });
    this.#socket.on('data', (bytes) => this.#read(bytes));
    this.#socket.on('end', () => this.#ended());
    this.#socket.on('error', (cause: NodeJS.ErrnoException) => {
      error = cause.code ?? cause.message;
    });
    this.#socket.on('close', () => {
      const kind = error === '' ? 'closed-before-response' : 'reset-before-response';
      this.#fail(kind, error || 'closed without an error');
    });
  }

  #read(bytes: Buffer): void {
    try {
      this.#responding = true;
      this.#parser.push(bytes);
      this.#responding = !this.#parser.idle;
    } catch (error) {
      this.#fail('malformed', error instanceof Error ? error.message : String(error));
    }
  }

  #head(status: number, fields: ReadonlyMap<string, string>): void {
    this.#outstanding[0]?.request.onHead?.(status, fields);
  }

  #done(response: Response): void {
    this.#wasTold ||= response.fields.get('connection')?.toLowerCase() === 'close';
    this.#outstanding.shift()?.settle({ response });
    if (this.#wasTold) this.#announcedClose();
  }

  #announcedClose(): void {
    if (this.#state !== 'open') return;
    if (this.#outstanding.length === 0) this.#lapse = 'closed-by-server';
    this.#state = 'ending';
  }

  #ended(): void {
    this.#parser.end();
    this.#responding = !this.#parser.idle;
    this.#announcedClose();
  }

  /** Settles everything outstanding and closes; only the first in line can have had a part of its response. */
  #fail(failure: Failure, detail: string): void {
    if (this.#state === 'open' && this.#outstanding.length === 0) {
      this.#lapse = failure === 'malformed' ? 'malformed' : 'closed-by-server';
    }
    this.#state = 'closed';
    this.#socket.destroy();
    for (const [index, { settle }] of this.#outstanding.splice(0).entries()) {
      const cut = index === 0 && this.#responding && failure.endsWith('-before-response');
      settle({ failure: cut ? 'cut-in-response' : failure, detail });
    }
  }
}
