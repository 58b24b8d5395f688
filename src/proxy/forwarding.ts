import { type ForwardedName, takeForwarded } from '../http/forwarded.js';
import type { RequestHead } from '../http/request-head.js';
import type { Client } from './client.js';

/** The X-Forwarded-* fields of one client connection, for programs that no agent tells who the client is. */
export class Forwarding {
  readonly #address: string;
  /** Absent at a Unix socket. */
  readonly #port: number | undefined;
  readonly #isTrusted: boolean;

  /** @param trusts whether a peer is a proxy whose own fields are believed, and so kept and added to */
  constructor({ address, ends, peer }: Client, trusts: (address: string) => boolean) {
    const isUnix = ends?.family === 'Unix';
    this.#address = isUnix ? UNIX : (address ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    this.#port = isUnix ? undefined : (ends?.destinationPort ?? 0);
    this.#isTrusted = peer !== undefined && trusts(peer);
  }

  /** Takes the client's own fields out of a request head, and gives the lines that stand for them. */
  replace(head: RequestHead, bytes: Buffer): string {
    const taken = takeForwarded(head.fields, bytes);
    const own = this.#isTrusted ? taken : NONE;
    const former = own.get('x-forwarded-for');
    const host = own.get('x-forwarded-host') ?? head.host(bytes);
    const port = own.get('x-forwarded-port') ?? this.#port;
    return [
      `X-Forwarded-For: ${former === undefined ? '' : `${former}, `}${this.#address}\r\n`,
      `X-Forwarded-Proto: ${own.get('x-forwarded-proto') ?? 'http'}\r\n`,
      host === '' ? '' : `X-Forwarded-Host: ${host}\r\n`,
      port === undefined ? '' : `X-Forwarded-Port: ${port}\r\n`,
    ].join('');
  }
}

/** What nginx writes, and programs so know, for a client at a Unix socket. */
const UNIX = 'unix:';

const NONE: ReadonlyMap<ForwardedName, string> = new Map();
