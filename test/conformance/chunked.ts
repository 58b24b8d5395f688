import { type Case, GET, chunked, client, clientEnds, conversation, forwarded, spoiled, OK, worker } from './case.js';

const HEAD = chunked('').replace('POST', 'HEAD');
const LAST = '0\r\n\r\n';

/** What can't be read as a chunk, behind a good one. */
const MALFORMED = [
  ['no size', '\r\nab\r\n0\r\n\r\n'],
  ['an extension alone', ';a\r\n'],
  ['a plus', '+2\r\nab\r\n'],
  ['a minus', '-2\r\nab\r\n'],
  ['0x', '0x2\r\nab\r\n'],
  ['0X', '0X2\r\nab\r\n'],
  ['an underscore', '1_0\r\n'],
  ['a blank before the size', ' 2\r\nab\r\n'],
  ['a tab before the size', '\t2\r\nab\r\n'],
  ['a blank behind the size', '2 \r\nab\r\n'],
  ['a tab behind the size', '2\t\r\nab\r\n'],
  ['a blank before an extension', '2 ;a\r\nab\r\n'],
  ['a letter that is no digit', 'g\r\n'],
  ['a word behind the size', '2 x\r\nab\r\n'],
  ['a comma', '1,0\r\n'],
  ['a point', '2.0\r\nab\r\n'],
  ['quotes', '"2"\r\nab\r\n'],
  ['NUL behind the size', '2\0\r\nab\r\n'],
  ['a vertical tab', '\x0b2\r\nab\r\n'],
  ['a byte above ASCII', '\xb2\r\nab\r\n'],
  ['a size of 2^53', '20000000000000\r\n'],
  ['a size of 2^63', '8000000000000000\r\n'],
  ['a size of 2^64', '10000000000000000\r\n'],
  ['a size of 2^64 and 2', '10000000000000002\r\nab\r\n'],
  ['a size of 2^32 and 2 with an overflow', 'ffffffff00000000000000002\r\nab\r\n'],
  ['LF alone behind the size', '2\nab\r\n0\r\n\r\n'],
  ['CR alone behind the size', '2\rab\r\n'],
  ['CR CR LF behind the size', '2\r\r\nab\r\n'],
  ['LF CR behind the size', '2\n\rab\r\n'],
  ['LF alone behind an extension', '2;a\nab\r\n0\r\n\r\n'],
  ['a bare CR in an extension', '2;a\rb\r\nab\r\n'],
  ['a bare LF in a quoted extension', '2;a="\n"\r\nab\r\n'],
  ['NUL in an extension', '2;\0\r\nab\r\n'],
  ['an escape in an extension', '2;a=\x1b\r\nab\r\n'],
  ['DEL in an extension', '2;\x7f\r\nab\r\n'],
  ['LF alone behind the last size', '0\n\r\n'],
  ['LF alone for the end', '0\r\n\n'],
  ['CR CR LF for the end', '0\r\n\r\r\n'],
  ['a blank for the end', '0\r\n \r\n\r\n'],
  ['a negative last chunk', '-0\r\n\r\n'],
] as const;

/** No extensions by RFC 9112 7.1.1. */
const NO_EXTENSIONS = [
  ['without a name', ';'],
  ['with an empty value', ';a='],
  ['with a blank behind it', ';a '],
  ['with a blank in its value', ';a=b c'],
  ['with an open quote', ';a="b'],
  ['with a value and no name', ';=b'],
  ['with a name that is no token', ';a(b)'],
  ['with a byte above ASCII in its name', ';\xe4'],
] as const;

/** What must follow the data and does not; the data itself may be under way. */
const UNENDED = [
  ['no CR LF', '2\r\nab0\r\n\r\n'],
  ['LF alone', '2\r\nab\n0\r\n\r\n'],
  ['CR alone', '2\r\nab\r0\r\n\r\n'],
  ['CR CR LF', '2\r\nab\r\r\n0\r\n\r\n'],
  ['two bytes too many', '2\r\nabcd\r\n0\r\n\r\n'],
  ['one byte too few', '2\r\na\r\n0\r\n\r\n'],
  ['a blank', '2\r\nab \r\n0\r\n\r\n'],
  ['NUL', '2\r\nab\0\r\n0\r\n\r\n'],
  ['another size', '2\r\nab2\r\nab\r\n0\r\n\r\n'],
] as const;

const same = (name: string, chunks: string) => forwarded(name, '9112 7.1', chunked(chunks), chunked(chunks));
const written = (name: string, rule: string, chunks: string, seen: string) =>
  forwarded(name, rule, chunked(chunks), chunked(seen));

export const cases: readonly Case[] = [
  ...MALFORMED.map(([name, bytes]) =>
    spoiled(`a chunk with ${name}`, '9112 7.1', chunked(`1\r\n!\r\n${bytes}`), 400, chunked('1\r\n!\r\n2\r\nab\r\n')),
  ),
  ...MALFORMED.slice(0, 10).map(([name, bytes]) =>
    spoiled(`a first chunk with ${name}`, '9112 7.1', chunked(bytes), 400, chunked('')),
  ),
  ...UNENDED.map(([name, bytes]) =>
    spoiled(`data followed by ${name}`, '9112 7.1', chunked(bytes), 400, chunked(`2\r\n${bytes.slice(3, 5)}\r\n`)),
  ),
  ...NO_EXTENSIONS.map(([name, extension]) =>
    spoiled(`an extension ${name}`, '9112 7.1.1', chunked(`2${extension}\r\nab\r\n${LAST}`), 400, chunked('')),
  ),
  spoiled(
    'extensions beyond their bound',
    '9112 7.1.1',
    chunked(`1;${'a'.repeat(20_000)}\r\n!\r\n${LAST}`),
    400,
    chunked(''),
  ),
  spoiled(
    'extensions beyond their bound in all',
    '9112 7.1.1',
    chunked(`${`1;${'a'.repeat(1_000)}\r\n!\r\n`.repeat(20)}${LAST}`),
    400,
    chunked('1\r\n!\r\n'.repeat(19)),
  ),
  spoiled('leading zeros without end', '9112 7.1', chunked(`${'0'.repeat(20_000)}1\r\n!\r\n${LAST}`), 400, chunked('')),

  {
    name: 'a malformed chunk of a HEAD, whose refusal has no body',
    rule: '9110 9.3.2',
    steps: [client(`${HEAD}x\r\n`, '')],
    end: { kind: 'refused', status: 400, prefix: HEAD, isHead: true },
  },
  same('no data', LAST),
  same('several chunks', `5\r\nhello\r\n1\r\n!\r\n${LAST}`),
  same('data that looks like chunks', `7\r\n0\r\n\r\n\r\n\r\n${LAST}`),
  same('data that looks like a request', `${GET.length.toString(16)}\r\n${GET}\r\n${LAST}`),
  same('a chunk longer than one read', `30d40\r\n${'x'.repeat(200_000)}\r\n${LAST}`),
  written('sizes in upper case', '9112 7.1', `A\r\n0123456789\r\n${LAST}`, `a\r\n0123456789\r\n${LAST}`),
  written('leading zeros', '9112 7.1', `0005\r\nhello\r\n000\r\n\r\n`, `5\r\nhello\r\n${LAST}`),
  written('an extension', '9112 7.1.1', `1;a\r\n!\r\n${LAST}`, `1\r\n!\r\n${LAST}`),
  written('an extension with a value', '9112 7.1.1', `1;a=b\r\n!\r\n${LAST}`, `1\r\n!\r\n${LAST}`),
  written('a quoted extension', '9112 7.1.1', `1;a="b;c \t"\r\n!\r\n${LAST}`, `1\r\n!\r\n${LAST}`),
  written('several extensions', '9112 7.1.1', `1;a;b=c;d\r\n!\r\n${LAST}`, `1\r\n!\r\n${LAST}`),
  written('an extension of the last chunk', '9112 7.1.1', `1\r\n!\r\n0;a=b\r\n\r\n`, `1\r\n!\r\n${LAST}`),
  forwarded('two chunked requests', '9112 7.1', chunked(LAST) + chunked(`1\r\na\r\n${LAST}`), [
    chunked(LAST),
    chunked(`1\r\na\r\n${LAST}`),
  ]),
  conversation(
    'a chunk as it comes',
    '9112 7.1',
    [
      client(chunked('2\r\nab\r\n'), chunked('2\r\nab\r\n')),
      client('1\r\nc\r\n', '1\r\nc\r\n'),
      client(LAST, LAST),
      worker(OK),
    ],
    'open',
  ),
  conversation(
    'a body that ends before its last chunk',
    '9112 8',
    [client(chunked('2\r\nab\r\n'), chunked('2\r\nab\r\n')), clientEnds('', '')],
    'closed',
    {
      upstream: 'closed',
    },
  ),
  conversation(
    'a chunk that ends before its data',
    '9112 8',
    [client(chunked('5\r\nab'), chunked('5\r\nab')), clientEnds('', '')],
    'closed',
    {
      upstream: 'closed',
    },
  ),
];
