import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import type { AgentMessage } from '../../../src/core/messages.cjs';
import { readChannel } from '../../../src/supervisor/channel.js';

async function read(text: string): Promise<{ heard: AgentMessage[]; malformed: string[] }> {
  const stream = new PassThrough();
  const heard: AgentMessage[] = [];
  const malformed: string[] = [];
  readChannel(
    stream,
    (message) => heard.push(message),
    (line) => malformed.push(line),
  );
  stream.end(text);
  await finished(stream);
  return { heard, malformed };
}

const listening = {
  type: 'listening',
  asked: 0,
  port: 8000,
  protocol: 'http',
  door: { address: { port: 40_123 }, secret: '00ff' },
} as const;

test('messages of the agent are heard, one a line', async () => {
  const refused = { type: 'refused', reason: 'cluster.fork()' } as const;
  const secure = { ...listening, protocol: 'tcp', door: { ...listening.door, tls: true } } as const;
  const vitals = { type: 'vitals', memoryBytes: 5e7, loopDelayMs: 3, answers: 2, errors: 1 } as const;
  const unix = { ...listening, port: 0, isFirst: true } as const;
  const six = { ...listening, host: '::', ipv6Only: true } as const;
  const messages = [listening, refused, secure, unix, six, vitals, { type: 'ready' }];
  const { heard, malformed } = await read(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  expect(heard).toEqual(messages);
  expect(malformed).toEqual([]);
});

test.each([
  ['no JSON', 'hello'],
  ['null', 'null'],
  ['an unknown type', '{"type":"exit"}'],
  ['a port out of range', JSON.stringify({ ...listening, port: 70_000 })],
  ['a secret that is not hexadecimal', JSON.stringify({ ...listening, door: { address: { port: 1 }, secret: 'xyz' } })],
])('%s is no message, and the next line is heard all the same', async (_, line) => {
  const { heard, malformed } = await read(`${line}\n${JSON.stringify(listening)}\n`);
  expect(malformed).toEqual([line]);
  expect(heard).toEqual([listening]);
});

test('a line without end is given up in pieces of 64 KiB', async () => {
  const { heard, malformed } = await read(`${'x'.repeat(200_000)}\n${JSON.stringify(listening)}\n`);
  expect(malformed.every((piece) => piece.length <= 65_536)).toBe(true);
  expect(heard).toEqual([listening]);
});
