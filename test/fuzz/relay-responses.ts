import { Body } from '../../src/http/body.js';
import { INCOMPLETE } from '../../src/http/fields.js';
import { Framing } from '../../src/http/framing.js';
import { type Asked, ResponseHead } from '../../src/http/response-head.js';
import type { Random } from '../kit/random.js';
import { trailersOf } from './trailers.js';
import type { Message, Reading } from './reading.js';

const head = new ResponseHead();
const body = new Body();
const output = Buffer.alloc(256 * 1024);

/** What the relay makes of a worker's answer, and what the client gets of it. */
export interface RelayAnswer extends Reading {
  readonly forwarded: string;
}

/** Reads the answer to one request with the relay's own functions, the body in random pieces; behind it the worker ends. */
export function answerByRelay(text: string, asked: Asked, random: Random): RelayAnswer {
  const bytes = Buffer.from(text, 'latin1');
  let forwarded = '';
  for (let at = 0; ;) {
    const headEnd = head.parse(bytes, at, bytes.length, asked);
    if (headEnd === INCOMPLETE) return { messages: [], forwarded, end: 'incomplete' };
    if (headEnd < 0 || head.status === 101) return { messages: [], forwarded, end: 'refused' };
    const line = head.framing === Framing.close ? 'close' : 'none';
    forwarded += output.toString('latin1', 0, head.write(bytes, line, asked, output, 0));
    if (!head.isInterim) {
      const view = viewOf(bytes, at);
      const content = passBody(bytes, headEnd, random);
      const isWholeInChunks = content.end === 'ended' && head.framing === Framing.chunked;
      const trailers = isWholeInChunks ? trailersOf(content.sent) : [];
      const message: Message = { ...view, trailers, body: content.data };
      return {
        messages: content.end === 'ended' ? [message] : [],
        forwarded: forwarded + content.sent,
        end: content.end,
      };
    }
    at = headEnd;
  }
}

function viewOf(bytes: Buffer, start: number) {
  const { fields } = head;
  const text = (from: number, to: number) => bytes.toString('latin1', from, to);
  const reason = /^HTTP\/1\.\d \d{3} ?([^\r]*)/.exec(text(start, bytes.length))![1]!;
  const kept = Array.from({ length: fields.count }, (_, i) => i).filter((i) => fields.dropped[i] === 0);
  return {
    line: `${head.status} ${reason}`,
    fields: kept.map(
      (i) =>
        [
          text(fields.nameStart[i]!, fields.nameEnd[i]!).toLowerCase(),
          text(fields.valueStart[i]!, fields.valueEnd[i]!),
        ] as const,
    ),
  };
}

function passBody(bytes: Buffer, start: number, random: Random) {
  const decoded = new Body();
  body.begin(head.framing, head.contentLength, 'chunked with trailers', Infinity);
  decoded.begin(head.framing, head.contentLength, 'none', Infinity);
  let sent = '';
  let data = '';
  for (let at = start; !body.isComplete;) {
    if (at >= bytes.length)
      return { sent, data, end: body.endsWithConnection ? ('ended' as const) : ('incomplete' as const) };
    const until = Math.min(bytes.length, at + 1 + random.below(random.pick([1, 4, 400])));
    const consumed = body.pass(bytes, at, until, output, 0);
    sent += output.toString('latin1', 0, body.outputEnd);
    decoded.pass(bytes, at, until, output, 0);
    data += output.toString('latin1', 0, decoded.outputEnd);
    if (consumed < 0) return { sent, data, end: 'refused' as const };
    at = consumed;
  }
  return { sent, data, end: 'ended' as const };
}
