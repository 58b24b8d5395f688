import { STATUS_CODES } from 'node:http';

/** What the body of a refusal says beyond the status's own name. */
const ADVICE: Readonly<Record<number, string>> = {
  408: ': the request took too long to arrive',
  502: ': the server ended before it answered',
  503: ': no server is ready, please try again',
};

/**
 * A whole response that zdlb gives in the program's place, after which the connection closes.
 *
 * @param isHead whether it answers a HEAD, which has no body
 * @param retryAfter seconds, for the Retry-After field
 */
export function refusal(status: number, isHead: boolean, retryAfter?: number): Buffer {
  const reason = STATUS_CODES[status] ?? 'Error';
  const body = `${status} ${reason}${ADVICE[status] ?? ''}\n`;
  const fields = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: text/plain',
    `Content-Length: ${body.length}`,
    ...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`]),
    'Connection: close',
  ];
  return Buffer.from(`${fields.join('\r\n')}\r\n\r\n${isHead ? '' : body}`, 'latin1');
}
