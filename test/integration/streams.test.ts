import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startFront, type Front } from '../kit/front.ts';
import { ENGINES } from '../kit/relay.ts';
import { fixture, Release } from '../kit/release.ts';
import { watchStalls } from '../kit/stalls.ts';

const DRAIN_MS = 1_500;
const MARGIN_MS = 50;
/** WebSockets, and streams of events. */
const MANY = 10;

const WS_MODULE = createRequire(import.meta.url).resolve('ws');

async function startProgram(...args: string[]): Promise<{ front: Front; reload: () => Promise<number> }> {
  const release = await Release.create(await fixture('stream-server.cjs'));
  const front = await startFront({ script: release.script, args: ['--workers', '1', ...args], env: { WS_MODULE } });
  const reload = async (): Promise<number> => {
    await release.deploy(2);
    const done = await front.reload();
    expect(done).toMatchObject({ event: 'reload.done' });
    return Number(done['time']);
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

async function openEvents(port: number, path = '/events'): Promise<IncomingMessage> {
  const request = get({ port, path, agent: false });
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

/** When it ended, and how. */
interface End {
  readonly at: number;
  readonly how: unknown;
}

async function socketEnd(socket: WebSocket): Promise<End> {
  const [code] = (await once(socket, 'close')) as [number];
  return { at: Date.now(), how: code };
}

async function streamEnd(events: IncomingMessage): Promise<End> {
  const [error] = (await once(events, 'error')) as [NodeJS.ErrnoException];
  return { at: Date.now(), how: error.code };
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

  test('over the last part of the drain timeout the streams of a leaving worker end, cut so that the client can tell', async () => {
    const { front, reload } = await startProgram('--http-engine', engine, '--drain-timeout', `${DRAIN_MS}ms`);
    const sockets = await Promise.all(Array.from({ length: MANY }, () => openSocket(front.port)));
    const streams = await Promise.all(Array.from({ length: MANY }, () => openEvents(front.port)));
    const download = await openEvents(front.port, '/download');
    await Promise.all(streams.map(async (events) => expect(await nextEvent(events)).toBe('1')));
    const ended = Promise.all([...sockets.map(socketEnd), ...streams.map(streamEnd)]);
    const downloadEnded = streamEnd(download.resume());
    const stalledMs = watchStalls();
    const time = await reload();
    const echoes = await Promise.all(sockets.map(async (socket) => echo(socket, 'draining')));
    expect(new Set(echoes)).toEqual(new Set(['1 draining']));
    const ends = (await ended).map(({ at, how }) => ({ at: at - time, how }));
    expect(ends.map(({ how }) => how)).toEqual([...sockets.map(() => 1006), ...streams.map(() => 'ECONNRESET')]);
    const times = ends.map(({ at }) => at).toSorted((one, other) => one - other);
    expect(times[0]).toBeGreaterThanOrEqual(DRAIN_MS * 0.8 - MARGIN_MS);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(DRAIN_MS * 0.1 - stalledMs());
    expect(new Set(times).size).toBeGreaterThan(stalledMs() < DRAIN_MS * 0.1 ? 2 : 0);
    expect((await downloadEnded).at - time).toBeGreaterThanOrEqual(DRAIN_MS - MARGIN_MS);
    await firstWorkerExited(front);
    expect(await newRequest(front.port)).toBe('2');
  });
});
