import { LF } from './characters.js';
import { Fields, INCOMPLETE, parseFields, writeFields } from './fields.js';

/** The most bytes and fields of one trailer section. */
const MAX_SIZE = 16 * 1024;
const MAX_COUNT = 64;

/** How much longer the end of a body may be than the bytes that completed it: the trailers, held until all are known. */
export const MAX_GROWTH = MAX_SIZE + MAX_COUNT + 16;

/**
 * What no trailer may be (RFC 9110 6.5.1): framing, routing, authentication, request modifiers, response controls and how
 * content is to be processed; and what programs trust a front to have set. A receiver that merged such a field into the head
 * would have been told by whoever sent the body.
 */
const FORBIDDEN =
  /^(?:content-.*|transfer-encoding|trailer|te|connection|keep-alive|upgrade|host|via|forwarded|x-forwarded.*|x-real-ip|x-request-id|x-zdlb-.*|proxy-.*|authorization|www-authenticate|authentication-info|cookie|set-cookie|cache-control|expect|max-forwards|pragma|range|if-.*|age|date|expires|location|retry-after|vary|warning|idempotency-key)$/;

/** Sections are interpreted one at a time, between two ticks; so one place is enough for all. */
const fields = new Fields();

/** The trailer section of one chunked body (RFC 9112 7.1.2), read byte by byte, held until it is whole. */
export class Trailers {
  #bytes: Buffer = EMPTY;
  #length = 0;
  areWhole = false;

  /** Takes the next byte; false when it has no place there. */
  take(byte: number): boolean {
    if (this.#length === MAX_SIZE) return false;
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length++] = byte;
    return byte !== LF || this.#parse() >= INCOMPLETE;
  }

  /** Writes those that may be passed on as field lines; returns the position behind them. */
  write(output: Uint8Array, start: number): number {
    if (!this.areWhole) return start;
    this.#parse(); // others have used the shared fields meanwhile
    for (let i = 0; i < fields.count; i++) {
      const name = this.#bytes.toString('latin1', fields.nameStart[i], fields.nameEnd[i]).toLowerCase();
      if (FORBIDDEN.test(name.replaceAll('_', '-'))) fields.dropped[i] = 1;
    }
    return writeFields(fields, this.#bytes, output, start);
  }

  clear(): void {
    this.#bytes = EMPTY;
    this.#length = 0;
    this.areWhole = false;
  }

  #parse(): number {
    const end = parseFields(fields, this.#bytes, 0, this.#length, MAX_COUNT);
    this.areWhole = end > INCOMPLETE;
    return end;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(Math.max(256, this.#bytes.length * 2));
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
