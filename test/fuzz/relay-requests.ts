import { Body } from '../../src/http/body.js';
import { INCOMPLETE } from '../../src/http/fields.js';
import { Framing } from '../../src/http/framing.js';
import { RequestHead } from '../../src/http/request-head.js';
import type { Random } from '../kit/random.js';
import { SETTINGS } from '../kit/relay.js';
import { trailersOf } from './trailers.js';
import { withHost } from './target.js';
import type { Message, Reading } from './reading.js';

const MAX_HEAD = 16 * 1024;
const EMPTY_LINES = /^(?:\r\n)*$/;

const head = new RequestHead();
const body = new Body();
const decoded = new Body();
const output = Buffer.alloc(256 * 1024);

/** What the relay reads, and what it sends on: of a request that is not whole, as much as may have left. */
export interface RelayReading extends Reading {
  /** Whether the last request asks for another protocol, so that what follows may be none of HTTP. */
  readonly isUpgrade: boolean;
  /** The request line of one that is under way, and not whole. */
  readonly unfinished: string | undefined;
  readonly forwarded: string;
}

/** Reads the requests of one connection with the relay's own functions, the bodies in random pieces. */
export function readByRelay(text: string, random: Random): RelayReading {
  const bytes = Buffer.from(text, 'latin1');
  const messages: Message[] = [];
  let forwarded = '';
  let isUpgrade = false;
  let unfinished: string | undefined;
  for (let at = 0; ;) {
    if (EMPTY_LINES.test(text.slice(at))) return { messages, forwarded, isUpgrade, unfinished, end: 'ended' };
    const headEnd = head.parse(bytes, at, bytes.length, SETTINGS);
    if (headEnd === INCOMPLETE)
      return {
        messages,
        forwarded,
        isUpgrade,
        unfinished,
        end: bytes.length - at > MAX_HEAD ? 'refused' : 'incomplete',
      };
    if (headEnd < 0 || headEnd - at > MAX_HEAD) return { messages, forwarded, isUpgrade, unfinished, end: 'refused' };
    const { fields, isPersistent } = viewOf(bytes);
    const written = output.toString('latin1', 0, head.write(bytes, undefined, output, 0));
    const line = written.slice(0, written.indexOf(' HTTP/1.1\r\n'));
    unfinished = line;
    forwarded += written;
    const content = passBody(bytes, headEnd, random);
    forwarded += content.sent;
    if (content.end !== 'ended') return { messages, forwarded, isUpgrade, unfinished, end: content.end };
    const trailers = head.framing === Framing.chunked ? trailersOf(content.sent) : [];
    unfinished = undefined;
    messages.push({ line, fields, trailers, body: content.data });
    isUpgrade = head.isUpgrade;
    // What follows an upgrade may be another protocol; the relay waits for the answer.
    if (!isPersistent || head.isUpgrade) return { messages, forwarded, isUpgrade, unfinished, end: 'closed' };
    at = content.consumed;
  }
}

function viewOf(bytes: Buffer) {
  const { fields, isPersistent } = head;
  const text = (start: number, end: number) => bytes.toString('latin1', start, end);
  const kept = Array.from({ length: fields.count }, (_, i) => i).filter((i) => fields.dropped[i] === 0);
  return {
    fields: withHost(
      kept.map(
        (i) =>
          [
            text(fields.nameStart[i]!, fields.nameEnd[i]!).toLowerCase(),
            text(fields.valueStart[i]!, fields.valueEnd[i]!),
          ] as const,
      ),
      head.host(bytes),
    ),
    isPersistent,
  };
}

function passBody(bytes: Buffer, start: number, random: Random) {
  body.begin(head.framing, head.contentLength, 'chunked with trailers', Infinity);
  decoded.begin(head.framing, head.contentLength, 'none', Infinity);
  let sent = '';
  let data = '';
  let at = start;
  while (!body.isComplete) {
    if (at >= bytes.length) return { sent, data, consumed: at, end: 'incomplete' as const };
    const until = Math.min(bytes.length, at + 1 + random.below(random.pick([1, 4, 400])));
    const consumed = body.pass(bytes, at, until, output, 0);
    sent += output.toString('latin1', 0, body.outputEnd);
    const same = decoded.pass(bytes, at, until, output, 0);
    data += output.toString('latin1', 0, decoded.outputEnd);
    if (consumed !== same) throw new Error('The same body ends in two places');
    if (consumed < 0) return { sent, data, consumed: at, end: 'refused' as const };
    at = consumed;
  }
  return { sent, data, consumed: at, end: 'ended' as const };
}
