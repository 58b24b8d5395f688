import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { AgentMessage, Listening } from '../../../dist/core/messages.cjs';
import { readChannel } from '../../../dist/supervisor/channel.js';
import { CommandAgent } from '../../../dist/supervisor/command-agent.js';
import { PortAllotment } from '../../../dist/supervisor/port-allotment.js';

const HOST = '127.0.0.1';
const ports = new PortAllotment();

/** The agent of this very process, and what the front hears of it. */
function play(port: number, traits: object = {}) {
  const door = { address: { port }, ...traits };
  const listening: Listening = { type: 'listening', asked: 8_000, port: 8_000, protocol: 'http', door };
  const agent = new CommandAgent(process.pid, { host: HOST, port }, listening, 10);
  onTestFinished(() => agent.end());
  const heard: AgentMessage[] = [];
  const malformed: string[] = [];
  readChannel(
    agent.channel,
    (message) => heard.push(message),
    (line) => malformed.push(line),
  );
  const types = () => new Set(heard.map(({ type }) => type));
  return { agent, listening, heard, malformed, types };
}

async function listenAt(port: number, server: Server = createServer()): Promise<Server> {
  server.listen(port, HOST);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return server;
}

test('says that the program listens once it accepts connections, and not before', async () => {
  const port = ports.take()!;
  const { heard, listening, types } = play(port);
  await expect.poll(types).toContain('vitals');
  expect(types()).not.toContain('listening');
  await listenAt(port);
  await expect.poll(types).toContain('listening');
  expect(heard.filter(({ type }) => type === 'listening')).toEqual([listening]);
});

test('does not cut off the connection that found out', async () => {
  const port = ports.take()!;
  const failures: Error[] = [];
  let closed = 0;
  const server = createServer((socket) => {
    socket.on('error', (error) => failures.push(error)).on('close', () => closed++);
    socket.write('220 ready\r\n');
    socket.resume();
  });
  await listenAt(port, server);
  play(port);
  await expect.poll(() => closed).toBe(1);
  expect(failures).toEqual([]);
});

test('tells the resident memory of the process group', async () => {
  const { heard, types } = play(ports.take()!);
  await expect.poll(types).toContain('vitals');
  expect(heard[0]).toEqual({
    type: 'vitals',
    memoryBytes: expect.any(Number) as number,
    loopDelayMs: 0,
    answers: 0,
    errors: 0,
  });
});

test('what the front says to it does not come back', async () => {
  const { agent, heard, malformed, types } = play(ports.take()!);
  agent.channel.write('{"type":"retire"}\n');
  await expect.poll(types).toContain('vitals');
  expect(malformed).toEqual([]);
  expect(heard.every(({ type }) => type === 'vitals')).toBe(true);
});

test('says nothing more once the program has exited', async () => {
  const port = ports.take()!;
  const { agent, heard } = play(port);
  agent.end();
  const server = await listenAt(port);
  let connections = 0;
  server.on('connection', () => connections++);
  await new Promise((resolve) => setTimeout(resolve, 200)); // longer than it would wait to try again
  expect(heard).toEqual([]);
  expect(connections).toBe(0);
});

test.each([
  [{ takesProxy: true }, '0d0a0d0a000d0a515549540a20000000'],
  [{}, ''],
])('opens that connection with what the program understands: %j', async (traits, opening) => {
  const port = ports.take()!;
  let got = '';
  const ended = new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('data', (bytes) => (got += bytes.toString('hex'))).on('end', resolve);
    });
    void listenAt(port, server);
  });
  const { heard, types } = play(port, traits);
  await ended;
  expect(got).toBe(opening);
  await expect.poll(types).toContain('listening');
  expect(heard.find(({ type }) => type === 'listening')).toMatchObject({ door: traits });
});
