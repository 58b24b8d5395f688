import { type ForwardedName, takeForwarded } from '../http/forwarded.js';
import type { RequestHead } from '../http/request-head.js';
import type { Client } from './client.js';

/** The X-Forwarded-* fields of one client connection, for programs that no agent tells who the client is. */
export class Forwarding {
  readonly #address: string;
  readonly #port: number;
  readonly #isTrusted: boolean;

  /** @param trusts whether a peer is a proxy whose own fields are believed, and so kept and added to */
  constructor({ address, ends }: Client, trusts: (address: string) => boolean) {
    this.#address = (address ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    this.#port = ends === undefined || ends.family === 'Unix' ? 0 : ends.destinationPort;
    this.#isTrusted = trusts(this.#address);
  }

  /** Takes the client's own fields out of a request head, and gives the lines that stand for them. */
  replace(head: RequestHead, bytes: Buffer): string {
    const taken = takeForwarded(head.fields, bytes);
    const own = this.#isTrusted ? taken : NONE;
    const former = own.get('x-forwarded-for');
    const host = own.get('x-forwarded-host') ?? head.host(bytes);
    return [
      `X-Forwarded-For: ${former === undefined ? '' : `${former}, `}${this.#address}\r\n`,
      `X-Forwarded-Proto: ${own.get('x-forwarded-proto') ?? 'http'}\r\n`,
      host === '' ? '' : `X-Forwarded-Host: ${host}\r\n`,
      `X-Forwarded-Port: ${own.get('x-forwarded-port') ?? this.#port}\r\n`,
    ].join('');
  }
}

const NONE: ReadonlyMap<ForwardedName, string> = new Map();
