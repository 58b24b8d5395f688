import { isQuirk } from './quirks.js';
import type { Message, Reading } from './reading.js';
import type { RelayAnswer } from './relay-responses.js';

type Field = readonly [name: string, value: string];

/** Not for the next hop (RFC 9110 7.6.1), or the relay's own to write. */
const HOP_BY_HOP = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|x-zdlb-client)$/;
/** Connection does not remove these, whoever names them. */
const PROTECTED = /^(?:host|content-.*|authorization|cookie|set-cookie|forwarded|via|x-.*|date|expect|cache-control)$/;

/**
 * In what the relay differs from Node's client; undefined when in nothing.
 *
 * @param text the bytes that the worker sent
 * @param original what Node reads of them
 * @param forwarded what Node reads of the bytes that the relay sent
 */
export function answerDifference(
  text: string,
  relay: RelayAnswer,
  original: Reading,
  forwarded: Reading,
): string | undefined {
  const [message] = relay.messages;
  const [sent] = forwarded.messages;
  const [received] = original.messages;
  if (message === undefined) {
    if (sent !== undefined) return `the relay's answer is not whole (${relay.end}), Node takes it for whole`;
    if (relay.end === 'incomplete' && received !== undefined)
      return 'Node reads a whole answer, the relay waits for more';
    return undefined;
  }
  if (sent === undefined) return `Node reads no answer in what the relay sent (${forwarded.end})`;
  const trailers = JSON.stringify(message.trailers);
  const sentTrailers = JSON.stringify(sent.trailers);
  if (trailers !== sentTrailers) return `the trailers ${trailers} are ${sentTrailers} for Node`;
  const difference = unlike(message, sent);
  if (difference !== undefined) return `sent: ${difference}`;
  if (isQuirk(text)) return undefined;
  if (received === undefined) return `the relay accepts the answer, Node does not (${original.end})`;
  const change = unlike(message, received);
  return change === undefined ? undefined : `received: ${change}`;
}

function unlike(message: Message, read: Message): string | undefined {
  const fields = JSON.stringify(remaining(message));
  const readFields = JSON.stringify(remaining(read));
  if (message.line !== read.line) return `${message.line} is ${read.line} for Node`;
  if (message.body !== read.body)
    return `the body ${JSON.stringify(message.body)} is ${JSON.stringify(read.body)} for Node`;
  if (fields !== readFields) return `the fields ${fields} are ${readFields} for Node`;
  return undefined;
}

/** What should be left of the fields. */
function remaining({ fields, line }: Message): readonly Field[] {
  const named = new Set(
    fields
      .filter(([name]) => name === 'connection')
      .flatMap(([, value]) => value.split(',').map((option) => option.replaceAll(/^[ \t]+|[ \t]+$/g, '').toLowerCase()))
      .filter((option) => !PROTECTED.test(option)),
  );
  return fields.filter(
    ([name]) => !HOP_BY_HOP.test(name) && !named.has(name) && !(line.startsWith('204') && name === 'content-length'),
  );
}
