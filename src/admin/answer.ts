import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** What every answer forbids browsers: other origins, frames, guesses at types, and memory. */
const GUARDS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cache-Control': 'no-store',
};

export const TEXT = 'text/plain; charset=utf-8';
export const HTML = 'text/html; charset=utf-8';
export const JSON_TYPE = 'application/json';

/** A reader that takes nothing of an answer for so long, in milliseconds, is cut off: there is not room for many. */
const TAKING_MS = 10_000;

export function guard(response: ServerResponse): void {
  for (const [name, value] of Object.entries(GUARDS)) response.setHeader(name, value);
}

/** Answers with a whole body; Node leaves it out for HEAD, and its length stays. */
export function answer(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  fields: OutgoingHttpHeaders = {},
): void {
  const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), ...fields };
  response.socket?.setTimeout(TAKING_MS); // until it is done: Node sets it anew then
  response.writeHead(status, headers).end(body);
}
