import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ZdlbError, messageOf } from '../core/errors.js';

/** Fewer characters could be guessed. */
const LEAST = 16;
/** What stands behind `Bearer` (RFC 6750 2.1), and no longer than a field may be. */
const FORM = /^[A-Za-z0-9._~+/-]{1,512}=*$/;
const CREDENTIALS = /^(Bearer|Basic) +([^ ]+)$/i;

/** What whoever looks at the admin port must know. */
export class Token {
  /** Digests have one length and say nothing of the token, so comparing them takes one time. */
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digestOf(token);
  }

  /**
   * Reads the token from a file; white space around it does not count.
   *
   * @throws {ZdlbError} `start`
   */
  static read(path: string): Token {
    let content: string;
    try {
      content = readFileSync(path, 'utf8').trim();
    } catch (error) {
      throw new ZdlbError('start', `Cannot read the admin token: ${messageOf(error)}`, { cause: error });
    }
    if (content.length >= LEAST && FORM.test(content)) return new Token(content);
    const met = content === '' ? 'nothing' : content.length < LEAST ? `${content.length} characters` : 'something else';
    throw new ZdlbError(
      'start',
      `Cannot use the admin token in ${path}: met ${met}, wanted at least ${LEAST} of the characters A-Z a-z 0-9 . _ ~ + / -. Make one with openssl rand -hex 32`,
    );
  }

  isSame(other: Token): boolean {
    return this.#digest.equals(other.#digest);
  }

  /** Whether an Authorization field has it: as a bearer (RFC 6750), or as the password of anybody (RFC 7617), which browsers ask for. */
  isIn(authorization: string | undefined): boolean {
    const [, scheme = '', given = ''] = CREDENTIALS.exec(authorization ?? '') ?? [];
    const token = scheme.toLowerCase() === 'basic' ? passwordOf(given) : given;
    return timingSafeEqual(digestOf(token), this.#digest);
  }
}

function passwordOf(credentials: string): string {
  const text = Buffer.from(credentials, 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}

const digestOf = (text: string) => createHash('sha256').update(text).digest();
