import { isKnownMethod } from './node-server.js';
import { isQuirk } from './quirks.js';
import type { Message, Reading } from './reading.js';
import type { RelayReading } from './relay-requests.js';
import { shortened } from './target.js';

type Field = readonly [name: string, value: string];

/** Not for the next hop (RFC 9110 7.6.1), or the relay's own to write. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'x-zdlb-client',
]);
/** Connection does not remove these, whoever names them. */
const PROTECTED = /^(?:host|content-.*|authorization|cookie|set-cookie|forwarded|via|x-.*|date|expect|cache-control)$/;

/**
 * In what the relay differs from Node's parser; undefined when in nothing.
 *
 * @param text the bytes that the relay got
 * @param original what Node reads of them
 * @param forwarded what Node reads of the bytes that the relay sent
 */
export function differenceOf(
  text: string,
  relay: RelayReading,
  original: Reading,
  forwarded: Reading,
): string | undefined {
  const count = knownOnly(relay.messages);
  const isAllKnown = count === relay.messages.length && isKnownMethod(relay.unfinished ?? 'GET ');
  return (
    afterRelay(relay.messages.slice(0, count), forwarded, isAllKnown) ??
    (isQuirk(text) ? undefined : beside(relay, original, count, isAllKnown))
  );
}

/** Nothing can be compared from the first method on that Node does not know. */
export function knownOnly(messages: readonly Message[]): number {
  const unknown = messages.findIndex(({ line }) => !isKnownMethod(line));
  return unknown === -1 ? messages.length : unknown;
}

function afterRelay(messages: readonly Message[], node: Reading, isAllKnown: boolean): string | undefined {
  if (node.messages.length !== messages.length) {
    return `the relay sent ${messages.length} requests, Node reads ${node.messages.length} of it (${node.end})`;
  }
  if (node.end === 'refused' && isAllKnown) return 'Node refuses what the relay sent';
  for (const [index, message] of messages.entries()) {
    const read = node.messages[index]!;
    const difference = sentDifference(message, read);
    if (difference !== undefined) return `sent, request ${index}: ${difference}`;
  }
  return undefined;
}

function beside(relay: RelayReading, node: Reading, count: number, isAllKnown: boolean): string | undefined {
  for (let index = 0; index < count; index++) {
    const message = relay.messages[index]!;
    const read = node.messages[index];
    if (read === undefined) return `the relay accepts request ${index}, Node does not (${node.end})`;
    const meant = shortened(read);
    const difference = unlike(message, meant, message.fields.filter(isEndToEnd), remaining(meant.fields));
    if (difference !== undefined) return `received, request ${index}: ${difference}`;
  }
  if (!isAllKnown || relay.end === 'refused' || relay.end === 'closed') return undefined;
  if (node.messages.length > count)
    return `Node reads ${node.messages.length} requests, the relay ${count} (${relay.end})`;
  return undefined;
}

/** In what the message that the relay read is another one than the one that Node read behind it. */
export function sentDifference(message: Message, read: Message): string | undefined {
  if (JSON.stringify(message.trailers) !== JSON.stringify(read.trailers))
    return `the trailers ${JSON.stringify(message.trailers)} are ${JSON.stringify(read.trailers)} for Node`;
  return unlike(message, read, message.fields.filter(isEndToEnd), read.fields.filter(isEndToEnd));
}

function unlike(
  message: Message,
  read: Message,
  fields: readonly Field[],
  readFields: readonly Field[],
): string | undefined {
  const asText = (list: readonly Field[]) => JSON.stringify(withoutEmptyHost(list));
  if (message.line !== read.line) return `${message.line} is ${read.line} for Node`;
  if (message.body !== read.body)
    return `the body ${JSON.stringify(message.body)} is ${JSON.stringify(read.body)} for Node`;
  if (asText(fields) !== asText(readFields)) return `the fields ${asText(fields)} are ${asText(readFields)} for Node`;
  return undefined;
}

/** HTTP/1.0 needs no Host, what the relay sends does. */
function withoutEmptyHost(fields: readonly Field[]): readonly Field[] {
  return fields.filter(([name, value]) => name !== 'host' || value !== '');
}

function isEndToEnd([name]: Field): boolean {
  return !HOP_BY_HOP.has(name) && name !== 'expect';
}

/** What should be left of the fields that Node reads. */
function remaining(fields: readonly Field[]): readonly Field[] {
  const named = new Set(
    fields
      .filter(([name]) => name === 'connection')
      .flatMap(([, value]) => value.split(',').map((option) => option.replaceAll(/^[ \t]+|[ \t]+$/g, '').toLowerCase()))
      .filter((option) => !PROTECTED.test(option)),
  );
  return fields.filter((field) => isEndToEnd(field) && !named.has(field[0]));
}
