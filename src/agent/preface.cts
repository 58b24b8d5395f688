import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { decode, FIXED_LENGTH, restLength, type Header } from '../core/proxy-protocol.cjs';
import { Strangers } from './strangers.cjs';

const strangers = new Strangers();

export interface Greeting {
  readonly secret: Buffer;
  /** Whether to wait for the first byte behind the header as well. */
  readonly awaitsData: (header: Header) => boolean;
  /** The connection is the front's: nobody listens on the socket, it is as Node hands it over, paused or not. */
  readonly welcome: (header: Header) => void;
}

/**
 * Reads the PROXY header in front of a private connection, and not a byte more, from a socket that was just accepted.
 * Whoever doesn't know the secret is dropped without a word.
 */
export function greet(socket: Socket, { secret, awaitsData, welcome }: Greeting): void {
  let fixed: Buffer | undefined;
  let header: Header | undefined;
  strangers.add(socket);
  socket.on('readable', read).on('end', drop).on('error', drop).on('close', forget);

  function read(): void {
    if (header !== undefined) return socket.readableLength > 0 ? leave() : drop();
    fixed ??= (socket.read(FIXED_LENGTH) as Buffer | null) ?? undefined;
    if (fixed === undefined) return;
    const length = restLength(fixed);
    if (length <= 0) return drop();
    // A read beyond what is there asks for more. What completes the header is read only when the program is about to get
    // the socket, or an end right behind it would be told to nobody.
    if (socket.readableLength >= length) leave();
    else socket.read(length);
  }

  /** Without its last 'readable' listener, the stream returns to its initial state in the next tick, and not before. */
  function leave(): void {
    socket.off('readable', read);
    process.nextTick(enter);
  }

  function enter(): void {
    if (socket.destroyed) return;
    header ??= verified(fixed!, socket.read(restLength(fixed!)) as Buffer | null, secret);
    if (header === undefined) return drop();
    forget();
    if (socket.readableLength === 0 && awaitsData(header)) return void socket.on('readable', read);
    socket.off('end', drop).off('error', drop).off('close', forget);
    welcome(header);
  }

  function drop(): void {
    socket.destroy();
  }

  function forget(): void {
    strangers.delete(socket);
  }
}

function verified(fixed: Buffer, rest: Buffer | null, secret: Buffer): Header | undefined {
  const header = rest === null ? undefined : decode(fixed, rest);
  const given = header?.secret;
  return given?.length === secret.length && timingSafeEqual(given, secret) ? header : undefined;
}
