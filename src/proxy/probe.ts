import { type Socket, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Dispatcher, Client, type buildConnector } from 'undici';
import { messageOf, systemCode } from '../core/errors.js';
import { type Door, HEALTH_USER_AGENT } from '../core/messages.cjs';
import { type InternetEnds, encode } from '../core/proxy-protocol.cjs';
import { isOwnWant } from './upstream.js';

/** A longer answer is not read to its end, in bytes. */
const MAX_BODY = 64 * 1024;

/** What is asked, and where. */
export interface Question {
  readonly door: Door;
  /** The public port, which the worker takes itself to be asked on. */
  readonly port: number;
  readonly path: string;
}

/** How far it came. */
type Progress = 'connecting' | 'asked' | 'answered';

/**
 * Asks a worker at its private address, over a connection of its own, as a client on this machine would; resolves when it has
 * answered 2xx. A redirect is no such answer.
 *
 * @throws {Error} whose message ends the sentence "Worker 2 …"
 */
export async function probe({ door, port, path }: Question, signal: AbortSignal): Promise<void> {
  const knock = new Knock(door, port);
  // What the connection opens with is the connector's business; for undici, `https` only leaves 443 out of the Host field.
  const origin = `${door.tls === true ? 'https' : 'http'}://localhost:${port}`;
  const client = new Client(origin, { connect: knock.connect, pipelining: 0, headersTimeout: 0, bodyTimeout: 0 });
  // Given to the request, the signal would have no effect until the connection stands.
  const giveUp = () => void client.destroy(new Error('Too late'));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    signal.throwIfAborted();
    const answer = await client.request({ method: 'GET', path, headers: { 'user-agent': HEALTH_USER_AGENT } });
    knock.progress = 'answered';
    await read(answer, path);
  } catch (error) {
    if (error instanceof Unwanted) throw error;
    throw new Error(inWords(error, knock.progress, signal.aborted, `GET ${path}`), { cause: error });
  } finally {
    signal.removeEventListener('abort', giveUp);
    knock.leave();
    void client.destroy();
  }
}

/** An answer, but not one of a healthy worker. */
class Unwanted extends Error {}

async function read({ statusCode, body }: Dispatcher.ResponseData, path: string): Promise<void> {
  body.on('error', () => {}); // it may be left in the middle
  if (statusCode < 200 || statusCode > 299) throw new Unwanted(`answered ${statusCode} to GET ${path}`);
  let length = 0;
  for await (const chunk of body) {
    length += (chunk as Buffer).length;
    if (length > MAX_BODY) break;
  }
}

/** The connection of one probe. */
class Knock {
  progress: Progress = 'connecting';
  readonly #door: Door;
  readonly #port: number;
  /** The raw one, and the one with TLS around it. */
  readonly #sockets: Socket[] = [];

  constructor(door: Door, port: number) {
    this.#door = door;
    this.#port = port;
  }

  readonly connect: buildConnector.connector = (_, then) => {
    const { address } = this.#door;
    const place = 'path' in address ? { path: address.path } : { host: '127.0.0.1', port: address.port };
    const fail = (error: Error) => then(error, null);
    const socket = connect({ ...place, noDelay: true }).once('error', fail);
    this.#sockets.push(socket);
    socket.once('connect', () => {
      socket.write(this.#preface());
      if (this.#door.tls === true) return this.#secure(socket, then);
      socket.off('error', fail);
      this.#hand(socket, then);
    });
  };

  /** Also while it is still connecting, of which undici knows nothing. */
  leave(): void {
    for (const socket of this.#sockets) socket.on('error', () => {}).destroy();
  }

  /** Who is at the other end is known by other means, and a certificate need not be for `localhost`. */
  #secure(socket: Socket, then: buildConnector.Callback): void {
    const fail = (error: Error) => then(error, null);
    const secure = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    this.#sockets.push(secure);
    secure.once('error', fail).once('secureConnect', () => {
      secure.off('error', fail);
      this.#hand(secure, then);
    });
  }

  #hand(socket: Socket, then: buildConnector.Callback): void {
    this.progress = 'asked';
    then(null, socket);
  }

  /** For one client, on this machine: the agent leaves such a connection to the program as it is, keep-alive and all. */
  #preface(): Buffer {
    const { secret, takesProxy } = this.#door;
    if (secret !== undefined)
      return encode({ command: 'PROXY', ends: endsAt(this.#port), secret: Buffer.from(secret, 'hex') });
    return takesProxy === true ? encode({ command: 'LOCAL' }) : Buffer.alloc(0);
  }
}

function endsAt(port: number): InternetEnds {
  const address = '127.0.0.1';
  return {
    family: 'IPv4',
    sourceAddress: address,
    sourcePort: 0,
    destinationAddress: address,
    destinationPort: port,
  };
}

/** The rest of the sentence "Worker 2 …". */
function inWords(error: unknown, progress: Progress, isLate: boolean, question: string): string {
  const reason = systemCode(error) ?? messageOf(error);
  if (error instanceof Error && isOwnWant(error)) return `could not be asked ${question}: ${reason}`;
  if (progress === 'answered') return `did not finish its answer to ${question}`;
  if (isLate) return `did not answer ${question}`;
  if (progress === 'connecting') return `refused the connection for ${question}: ${reason}`;
  if (isEnd(error)) return `closed the connection and did not answer ${question}`;
  return `gave no HTTP answer to ${question}: ${messageOf(error)}`;
}

function isEnd(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(systemCode(error) ?? '') || messageOf(error) === 'other side closed';
}
