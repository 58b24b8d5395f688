import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startFront, type Front } from '../kit/front.ts';
import { ENGINES } from '../kit/relay.ts';
import { fixture, Release } from '../kit/release.ts';

const WS_MODULE = createRequire(import.meta.url).resolve('ws');

async function startProgram(...args: string[]): Promise<{ front: Front; reload: () => Promise<void> }> {
  const release = await Release.create(await fixture('stream-server.cjs'));
  const front = await startFront({ script: release.script, args: ['--workers', '1', ...args], env: { WS_MODULE } });
  const reload = async (): Promise<void> => {
    await release.deploy(2);
    expect(await front.reload()).toMatchObject({ event: 'reload.done' });
  };
  return { front, reload };
}

async function openSocket(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

async function echo(socket: WebSocket, message: string): Promise<string> {
  socket.send(message);
  const [reply] = (await once(socket, 'message')) as [Buffer];
  return reply.toString();
}

async function openEvents(port: number): Promise<IncomingMessage> {
  const request = get({ port, path: '/events', agent: false });
  request.on('error', () => {}); // a cut connection is the response's error too
  onTestFinished(() => void request.destroy());
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response.setEncoding('utf8');
}

/** The version that the next whole event comes from. */
async function nextEvent(events: IncomingMessage): Promise<string | undefined> {
  const [text] = (await once(events, 'data')) as [string];
  return /^id: \d+\ndata: (.*)\n\n$/m.exec(text)?.[1];
}

async function newRequest(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  return response.text();
}

const firstWorkerExited = (front: Front) => front.event('worker.exited', (entry) => entry['generation'] === 1);

describe.each(ENGINES)('by the %s,', (engine) => {
  test('a WebSocket stays on its worker across a reload until it ends, while new requests reach the new code', async () => {
    const { front, reload } = await startProgram('--http-engine', engine);
    const socket = await openSocket(front.port);
    expect(await echo(socket, 'before')).toBe('1 before');
    await reload();
    expect(await newRequest(front.port)).toBe('2');
    expect(await echo(socket, 'after')).toBe('1 after');
    expect(await echo(await openSocket(front.port), 'new')).toBe('2 new');
    expect(front.entries.filter((entry) => entry.event === 'worker.exited')).toEqual([]);
    socket.close();
    expect(await once(socket, 'close')).toEqual([1005, expect.anything()]);
    await firstWorkerExited(front);
  });

  test('a server-sent-event stream stays on its worker across a reload until it ends', async () => {
    const { front, reload } = await startProgram('--http-engine', engine);
    const events = await openEvents(front.port);
    expect(await nextEvent(events)).toBe('1');
    await reload();
    expect(await newRequest(front.port)).toBe('2');
    expect(await nextEvent(events)).toBe('1');
    expect(front.entries.filter((entry) => entry.event === 'worker.exited')).toEqual([]);
    events.destroy();
    await firstWorkerExited(front);
  });

  test('the drain timeout ends the streams of a leaving worker, and cuts them so that the client can tell', async () => {
    const { front, reload } = await startProgram('--http-engine', engine, '--drain-timeout', '500ms');
    const socket = await openSocket(front.port);
    const events = await openEvents(front.port);
    expect(await nextEvent(events)).toBe('1');
    const ended = Promise.all([once(socket, 'close'), once(events, 'error')]);
    const reloaded = performance.now();
    await reload();
    expect(await echo(socket, 'draining')).toBe('1 draining');
    const [[code], [error]] = await ended;
    expect(performance.now() - reloaded).toBeGreaterThanOrEqual(500);
    expect(code).toBe(1006);
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    await firstWorkerExited(front);
    expect(await newRequest(front.port)).toBe('2');
  });
});
