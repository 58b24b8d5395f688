import type { Random } from '../kit/random.js';

/** What parsers trip over. */
const PIECES = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  '\x0b',
  '\x0c',
  '\x7f',
  '\x80',
  '\xa0',
  '\xff',
  ':',
  ',',
  ';',
  '0',
  '1',
  'f',
  '+',
  '-',
  '_',
  '"',
  '#',
  '/',
  '0x',
  '\r\n\r\n',
  '\r\n ',
  '\r\n\t',
  ': ',
  ' : ',
  '0\r\n\r\n',
  '5\r\n',
  ';a=b',
  'HTTP/1.1',
  'chunked',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Host: b\r\n',
  'A: b\r\n',
] as const;

type Mutate = (text: string, at: number, random: Random) => string;

const splice = (text: string, at: number, removed: number, inserted: string) =>
  text.slice(0, at) + inserted + text.slice(at + removed);

const MUTATIONS: readonly Mutate[] = [
  (text, at, random) => splice(text, at, 0, random.pick(PIECES)),
  (text, at, random) => splice(text, at, 1, random.pick(PIECES)),
  (text, at, random) => splice(text, at, 1, String.fromCharCode(random.below(256))),
  (text, at, random) => splice(text, at, 0, String.fromCharCode(random.below(256))),
  (text, at) => splice(text, at, 1, ''),
  (text, at, random) => splice(text, at, 1 + random.below(8), ''),
  (text, at) => splice(text, at, 1, String.fromCharCode(text.charCodeAt(at) ^ 0x20)),
  (text, at, random) => splice(text, at, 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8)))),
  (text, at, random) => splice(text, at, 0, text.slice(at, at + 1 + random.below(40))),
  (text, at) => onLineEnd(text, at, (end) => splice(text, end, 2, '\n')),
  (text, at) => onLineEnd(text, at, (end) => splice(text, end, 2, '\r')),
  (text, at) => onLineEnd(text, at, (end) => splice(text, end, 0, ' ')),
  (text, at, random) =>
    onLine(text, at, (start, end) => splice(text, random.pick([start, end]), 0, text.slice(start, end))),
  (text, at) => onLine(text, at, (start, end) => splice(text, start, end - start, '')),
  (text, at, random) => onLine(text, at, (start) => splice(text, start, 0, random.pick(PIECES.slice(-6)))),
];

/** `text` with one to four changes; its length stays below `bound`. */
export function mutate(text: string, random: Random, bound = 4_000): string {
  let mutated = text;
  for (let count = 1 + random.below(random.pick([1, 1, 2, 4])); count > 0; count--) {
    mutated = random.pick(MUTATIONS)(mutated, random.below(Math.max(1, mutated.length)), random);
  }
  return mutated.slice(0, bound);
}

function onLineEnd(text: string, at: number, change: (end: number) => string): string {
  const end = text.indexOf('\r\n', at);
  return end === -1 ? text : change(end);
}

/** The line around `at`, with its end. */
function onLine(text: string, at: number, change: (start: number, end: number) => string): string {
  const end = text.indexOf('\r\n', at);
  if (end === -1) return text;
  return change(text.lastIndexOf('\r\n', at - 1) === -1 ? 0 : text.lastIndexOf('\r\n', at - 1) + 2, end + 2);
}
