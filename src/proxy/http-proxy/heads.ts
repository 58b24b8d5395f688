import { randomUUID } from 'node:crypto';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Framing } from '../../http/framing.js';
import { MAX_FIELDS } from '../../http/fields.js';
import { type HeadBounds, RequestHead } from '../../http/request-head.js';
import { type Asked, type ConnectionLine, ResponseHead } from '../../http/response-head.js';
import type { Forwarding } from '../forwarding.js';
import type { HttpSettings } from '../http-settings.js';
import type { BodyBounds } from './body.js';

/**
 * What Node has read is read once more with the relay's own rules, so that both engines refuse the same things, and pass
 * on the same fields. Heads are read between two ticks, so one place is enough for all.
 */
const requestHead = new RequestHead();
const responseHead = new ResponseHead();

/** What has a bound was counted before. */
const PASSED: HeadBounds = { maxFields: MAX_FIELDS, maxTargetSize: Infinity };

/** Names and values in turn, as Node has them in `rawHeaders`. */
type Lines = readonly string[];

/** A request that may be passed on, and what must be known of it. */
export interface Question extends Asked {
  /** What follows the method, as the worker gets it. */
  readonly target: string;
  readonly lines: Lines;
  /** The X-Request-Id, if it gets one: the same at every worker. */
  readonly added: Lines;
  /** Whether RFC 9110 9.2.2, or its sender by an Idempotency-Key, lets it be sent again. */
  readonly isRepeatable: boolean;
  readonly isUpgrade: boolean;
  readonly isPersistent: boolean;
  readonly expectsContinue: boolean;
  readonly hasBody: boolean;
  /** Whether it is of HTTP/1.0 and names no host. */
  readonly isHostless: boolean;
  /** The slot that its client's cookie names. */
  readonly slot: number | undefined;
}

/** An answer as the client gets it. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly lines: Lines;
  /** Whether its end is the connection's end. */
  readonly endsWithConnection: boolean;
  /** Whether the client's connection goes on. */
  readonly keepsClient: boolean;
  /** Whether it is a stream of server-sent events. */
  readonly isEventStream: boolean;
}

/** http-proxy carries fields as an object's properties, among which these have no place, or not theirs. */
const NO_PROPERTY = /^(?:\d+|__proto__)$/i;

/** Reads a request; the status to refuse it with when it must not be passed on. */
export function readRequest(message: IncomingMessage, settings: HttpSettings): Question | number {
  const { rawHeaders, url = '' } = message;
  if (url.length > settings.maxTargetSize) return 414;
  if (rawHeaders.length / 2 > settings.maxFields) return 431;
  const bytes = bytesOf(lineOf(message), rawHeaders);
  const headEnd = requestHead.parse(bytes, 0, bytes.length, PASSED);
  if (headEnd <= 0) return headEnd === 0 ? 400 : -headEnd;
  if (requestHead.contentLength > settings.maxBodySize) return 413;
  const { first, lines } = written(bytes.length, (output) => requestHead.write(bytes, undefined, output, 0));
  if (names(lines).some((name) => NO_PROPERTY.test(name))) return 400;
  return {
    target: first.split(' ')[1]!,
    lines: without(lines, 'expect', 'te'),
    added: settings.requestId && !requestHead.hasRequestId ? ['X-Request-Id', randomUUID()] : [],
    isHead: requestHead.method.isHead,
    minorVersion: requestHead.minorVersion,
    isRepeatable: requestHead.method.isIdempotent || requestHead.hasIdempotencyKey,
    takesTrailers: false,
    isUpgrade: requestHead.isUpgrade,
    isPersistent: requestHead.isPersistent,
    expectsContinue: requestHead.expectsContinue,
    hasBody: requestHead.framing !== Framing.none,
    isHostless: message.headers.host === undefined,
    slot: settings.cookies?.slotOf(requestHead.fields, bytes),
  };
}

/** How much of a request's body is taken; one that is refused has none. */
export function boundsOf(question: Question | number, { maxBodySize: max, maxBufferSize }: HttpSettings): BodyBounds {
  if (typeof question === 'number') return { hasBody: false, max, maxKept: 0 };
  return { hasBody: question.hasBody, max, maxKept: question.isRepeatable ? maxBufferSize : 0 };
}

/** Whose request it is, and what is to be said of that. */
interface Asker {
  /** See {@link Session.clientField}. */
  readonly clientField: Lines;
  readonly forwarding: Forwarding;
  readonly settings: HttpSettings;
}

/** The field lines that a worker gets. Its agent expects the client's address in the first of them. */
export function fieldsFor(
  { showsClients }: { readonly showsClients: boolean },
  { lines, added }: Question,
  message: IncomingMessage,
  asker: Asker,
): Lines {
  const { forwarded } = asker.settings;
  const forwards = forwarded === 'on' || (forwarded === 'auto' && !showsClients);
  const own = showsClients ? asker.clientField : [];
  return [...own, ...(forwards ? forwardedLines(message, asker.forwarding) : lines), ...added];
}

/** As it was read. */
export const lineOf = ({ method, url = '', httpVersion }: IncomingMessage): string =>
  `${method} ${url} HTTP/${httpVersion}`;

/** The lines of a request that was read before, its X-Forwarded-* replaced. */
function forwardedLines(message: IncomingMessage, by: Forwarding): Lines {
  const bytes = bytesOf(lineOf(message), message.rawHeaders);
  requestHead.parse(bytes, 0, bytes.length, PASSED);
  const added = Buffer.from(by.replace(requestHead, bytes), 'latin1');
  const { lines } = written(bytes.length + added.length, (output) => requestHead.write(bytes, added, output, 0));
  return without(lines, 'expect', 'te');
}

/** Puts right what http-proxy and Node would write otherwise, and sends the head of a request whose body follows. */
export function setRight(outgoing: ClientRequest, { target, isHostless, hasBody }: Question): void {
  // http-proxy would make one slash of several, and Node would speak of the connection.
  outgoing.path = target;
  outgoing.removeHeader('Connection');
  if (isHostless) outgoing.setHeader('Host', ''); // Node would name the private address
  if (hasBody) outgoing.flushHeaders();
}

/** Reads a worker's answer, to be given with an `added` line; undefined when it is not to be trusted. */
export function readResponse(
  message: IncomingMessage,
  asked: Asked,
  mayKeepClient: boolean,
  added: Buffer | undefined,
): Answer | undefined {
  const { httpVersion, statusCode, statusMessage, rawHeaders } = message;
  const bytes = bytesOf(`HTTP/${httpVersion} ${statusCode} ${statusMessage}`, rawHeaders);
  if (responseHead.parse(bytes, 0, bytes.length, asked) <= 0) return undefined;
  const { framing } = responseHead;
  const isEventStream = responseHead.isEventStream(bytes);
  const endsWithConnection = framing === Framing.close || (framing === Framing.chunked && asked.minorVersion === 0);
  const keepsClient = mayKeepClient && !endsWithConnection;
  const line = connectionLine(statusCode!, keepsClient, asked);
  const { lines } = written(bytes.length + (added?.length ?? 0), (output) =>
    responseHead.write(bytes, line, asked, output, 0, added),
  );
  return { status: statusCode!, reason: statusMessage ?? '', lines, endsWithConnection, keepsClient, isEventStream };
}

/** The lines as the object that http-proxy wants: in their order, in their letters, repeated ones as lists. */
export function headersOf(lines: Lines): IncomingMessage['headers'] {
  const headers = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (let at = 0; at < lines.length; at += 2) {
    const key = lines[at]!.toLowerCase();
    const known = headers.get(key);
    if (known === undefined) headers.set(key, { name: lines[at]!, values: [lines[at + 1]!] });
    else known.values.push(lines[at + 1]!);
  }
  const entries = [...headers.values()].map(({ name, values }) => [name, values.length > 1 ? values : values[0]]);
  return Object.fromEntries(entries) as IncomingMessage['headers'];
}

function connectionLine(status: number, keepsClient: boolean, { minorVersion }: Asked): ConnectionLine {
  if (status === 101) return 'upgrade';
  if (!keepsClient) return 'close';
  return minorVersion === 0 ? 'keep-alive' : 'none';
}

function bytesOf(first: string, lines: Lines): Buffer {
  let text = `${first}\r\n`;
  for (let at = 0; at < lines.length; at += 2) text += `${lines[at]}: ${lines[at + 1]}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}

/** More than a head can grow by, written anew. */
const GROWTH = 256;

function written(length: number, write: (output: Buffer) => number): { readonly first: string; readonly lines: Lines } {
  const output = Buffer.allocUnsafe(length + GROWTH);
  const [first = '', ...rest] = output.toString('latin1', 0, write(output) - 4).split('\r\n');
  const lines = rest.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  return { first, lines };
}

function names(lines: Lines): readonly string[] {
  return lines.filter((_, index) => index % 2 === 0);
}

function without(lines: Lines, ...unwanted: readonly string[]): Lines {
  return lines.filter((_, index) => !unwanted.includes(lines[index - (index % 2)]!.toLowerCase()));
}
