import { STATUS_CODES } from 'node:http';

/** What the body of a refusal says beyond the status's own name. */
const ADVICE: Readonly<Record<number, string>> = {
  408: ': the request took too long to arrive',
  413: ': the body is longer than this server takes',
  502: ': the server ended before it answered',
  504: ': the server took too long to answer',
  503: ': no server is ready, please try again',
};

/** How a refusal is given. */
export interface RefusalOptions {
  /** Whether it answers a HEAD, which has no body. */
  readonly isHead: boolean;
  /** What is said of the connection; HTTP/1.1 stays open without a word. */
  readonly connection: 'close' | 'keep-alive' | 'none';
  /** Seconds, for the Retry-After field. */
  readonly retryAfter?: number;
}

/** What a refusal says to people. */
export function refusalBody(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? 'Error'}${ADVICE[status] ?? ''}\n`;
}

/** A whole response that zdlb gives in the program's place. */
export function refusal(status: number, { isHead, connection, retryAfter }: RefusalOptions): Buffer {
  const reason = STATUS_CODES[status] ?? 'Error';
  const body = refusalBody(status);
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: text/plain',
    `Content-Length: ${body.length}`,
    ...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`]),
    ...(connection === 'none' ? [] : [`Connection: ${connection}`]),
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${isHead ? '' : body}`, 'latin1');
}
