import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { connect, type Socket } from 'node:net';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { enter, folder, readAll, readUntil, Worker } from './agent-harness.ts';
import { Taker } from './hand-over-harness.ts';

const body = randomBytes(100_000);
const trusting = { rejectUnauthorized: false, agent: false, method: 'POST' } as const;

async function posted(outgoing: http.ClientRequest): Promise<readonly [number, unknown]> {
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [http.IncomingMessage];
  return [outgoing.socket!.localPort!, JSON.parse(await readAll(response))];
}

async function posted2(url: string): Promise<readonly [number, unknown]> {
  const session = http2.connect(url, { rejectUnauthorized: false });
  await once(session, 'connect');
  const { localPort } = session.socket;
  const stream = session.request({ ':method': 'POST' });
  stream.end(body);
  const answer: unknown = JSON.parse(await readAll(stream));
  session.close();
  return [localPort!, answer];
}

async function sent(socket: Socket): Promise<readonly [number, unknown]> {
  socket.end(body);
  await once(socket, socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect');
  const { localPort } = socket;
  return [localPort!, JSON.parse(await readAll(socket))];
}

/** Asks for a path on a kept-alive connection; the head of the answer. */
async function ask(client: Socket, path = '/'): Promise<string> {
  client.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  return readUntil(client, 'here');
}

describe('a program is handed connections as if it had accepted them', () => {
  const clients: Record<string, (port: number) => Promise<readonly [number, unknown]>> = {
    net: (port) => sent(connect({ port, host: '127.0.0.1', allowHalfOpen: true })),
    tls: (port) => sent(tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })),
    http: (port) => posted(http.request({ ...trusting, host: '127.0.0.1', port })),
    https: (port) => posted(https.request({ ...trusting, host: '127.0.0.1', port })),
    http2: (port) => posted2(`http://127.0.0.1:${port}`),
    'http2-tls': (port) => posted2(`https://127.0.0.1:${port}`),
  };
  const cases = Object.keys(clients).flatMap((protocol) => [
    { protocol, transport: 'port' },
    { protocol, transport: 'unix' },
  ]);

  it.each(cases)('$protocol, listening on a private $transport', async ({ protocol, transport }) => {
    const settings = transport === 'unix' ? { socketFolder: folder() } : {};
    const taker = new Taker('agent/protocols.cjs', { settings, args: [protocol] });
    await taker.listening();
    const localPort = await taker.port;
    const [remotePort, answer] = await clients[protocol]!(localPort);
    const ends = { remoteAddress: '127.0.0.1', remotePort, remoteFamily: 'IPv4', localAddress: '127.0.0.1', localPort };
    expect(answer).toEqual({ length: body.length, hash: createHash('sha256').update(body).digest('hex'), ...ends });
    expect(await taker.outcomes.next()).toBe('taken');
  });

  const options = [{}, { pauseOnConnect: true }, { allowHalfOpen: true }, { highWaterMark: 1_000 }, { noDelay: true }];
  it.each(options)('by the options of its server: %j', async (given) => {
    const args = [JSON.stringify(given)];
    const port = await freePort();
    const native = new Worker('agent/handed.cjs', { isNative: true, args, port });
    expect(await native.output.next()).toBe('"listening"');
    const direct = connect(port, '127.0.0.1');
    onTestFinished(() => void direct.destroy());
    const taker = new Taker('agent/handed.cjs', { args });
    await taker.listening();
    expect(await taker.output.next()).toBe('"listening"');
    await taker.client();
    expect(JSON.parse(await taker.output.next())).toEqual(JSON.parse(await native.output.next()));
  });

  it('which counts them, drops what is too many, and closes behind the last', async () => {
    const taker = new Taker('agent/handed.cjs', { args: [JSON.stringify({ maxConnections: 2 })] });
    await taker.listening();
    const said = async () => JSON.parse(await taker.output.next()) as unknown;
    expect(await said()).toBe('listening');
    const [first, second] = [await taker.client(), await taker.client()];
    expect([await said(), await said()]).toEqual([expect.any(Object), expect.any(Object)]);
    const third = await taker.client();
    expect(await readAll(third)).toBe('');
    expect(await said()).toBe('dropped');
    first.write('count');
    expect(await readUntil(first, '2')).toBe('2');
    second.write('close');
    await readUntil(second, 'closing');
    first.end();
    second.end();
    expect(await said()).toBe('closed');
    expect((await taker.exited).code).toBe(0);
  });

  it('and probed at its private door, like any client', async () => {
    const taker = new Taker('agent/retires.cjs');
    const door = await taker.opened();
    const probe = enter(door);
    expect(await ask(probe)).toMatch(/Connection: keep-alive\r\nKeep-Alive: timeout=600/);
  });

  it('and ends by itself when it has nothing left to do', async () => {
    expect(await new Taker('agent/ends.cjs').exited).toEqual({ code: 0, signal: null });
    const taker = new Taker('agent/closes.cjs');
    await taker.listening();
    taker.child.send('close'); // it disconnects, too
    expect(await taker.exited).toEqual({ code: 0, signal: null });
  });

  it('also when it has disconnected its IPC channel', async () => {
    const taker = new Taker('agent/ipc.cjs');
    await taker.listening();
    taker.child.send('disconnect');
    expect(await ask(await taker.client())).toContain('200 OK');
    expect(await ask(await taker.client())).toContain('200 OK');
  });

  it('also from a front whose Node keeps the channel where it is not looked for', async () => {
    const hidden = vi.spyOn(Object, 'getOwnPropertySymbols').mockReturnValue([]);
    const taker = new Taker('agent/ipc.cjs');
    hidden.mockRestore();
    await taker.listening();
    expect(await ask(await taker.client())).toContain('200 OK');
    expect(await taker.outcomes.next()).toBe('taken');
    taker.child.kill('SIGSTOP');
    await taker.client();
    taker.child.kill('SIGKILL');
    expect(await taker.outcomes.next()).toBe('lost');
  });

  it('whatever it writes to that channel', async () => {
    const taker = new Taker('agent/garbles.cjs');
    await taker.listening();
    for (let connection = 0; connection < 3; connection++) {
      expect(await ask(await taker.client())).toContain('200 OK');
      expect(await taker.outcomes.next()).toBe('taken');
    }
  });
});

describe('a connection is the worker’s only when it has taken it', () => {
  it('not when the worker ends before: what it was sent, and what waits for it, is lost', async () => {
    const taker = new Taker('agent/ipc.cjs');
    await taker.listening();
    taker.child.kill('SIGSTOP');
    for (let connection = 0; connection < 3; connection++) await taker.client();
    taker.child.kill('SIGKILL');
    const outcomes = [await taker.outcomes.next(), await taker.outcomes.next(), await taker.outcomes.next()];
    expect(outcomes).toEqual(['lost', 'lost', 'lost']);
  });

  it('also when the worker dies with it: it may have read from it', async () => {
    const taker = new Taker('agent/dies.cjs');
    await taker.listening();
    const client = await taker.client();
    expect(await taker.outcomes.next()).toBe('taken');
    expect(await readAll(client)).toBe('');
  });

  it('not when the worker is too late: then it lets it be', async () => {
    const taker = new Taker('agent/handed.cjs', { args: ['{}'] }, 1_000); // half of it is the worker's, also on a busy machine
    await taker.listening();
    expect(await taker.output.next()).toBe('"listening"');
    taker.child.kill('SIGSTOP');
    await taker.client();
    await taker.client();
    expect([await taker.outcomes.next(), await taker.outcomes.next()]).toEqual(['missed', 'missed']);
    await taker.client(); // at once: nothing has been answered yet
    expect(await taker.outcomes.next()).toBe('missed');
    taker.child.kill('SIGCONT');
    let late: Socket;
    do late = await taker.client();
    while ((await taker.outcomes.next()) !== 'taken');
    late.write('count');
    expect(await readUntil(late, '1')).toBe('1');
  });

  it('not when its server has closed', async () => {
    const taker = new Taker('agent/handed.cjs', { args: ['{}'] });
    await taker.listening();
    const client = await taker.client();
    client.write('close');
    await readUntil(client, 'closing');
    await taker.client();
    expect([await taker.outcomes.next(), await taker.outcomes.next()]).toEqual(['taken', 'refused']);
  });
});

describe('a worker that retires', () => {
  const HOUR_MS = 3_600_000;

  it('closes a connection behind the answer to one more request, says so in it, and takes no other', async () => {
    const taker = new Taker('agent/retires.cjs');
    await taker.listening();
    const [idle, busy] = [await taker.client(), await taker.client()];
    expect(await ask(idle)).toContain('Connection: keep-alive');
    busy.write('GET /slow HTTP/1.1\r\nHost: test\r\n\r\n');
    expect(await taker.output.next()).toBe('/');
    expect(await taker.output.next()).toBe('/slow');
    taker.retire(HOUR_MS);
    expect(await readUntil(busy, 'here')).toContain('Connection: close');
    expect(await readAll(busy)).toBe('');
    await taker.client();
    expect([await taker.outcomes.next(), await taker.outcomes.next()]).toEqual(['taken', 'taken']);
    expect(await taker.outcomes.next()).toBe('refused');
    expect(await ask(idle)).toContain('Connection: close');
    await taker.drained();
  });

  it.each(['http', 'https'])('closes what is idle over %s when its time is up, and nothing else', async (protocol) => {
    const taker = new Taker('agent/retires.cjs', { args: [protocol] });
    await taker.listening();
    const secured = async () => {
      const socket = await taker.client();
      return protocol === 'https' ? tls.connect({ socket, rejectUnauthorized: false }) : socket;
    };
    const [idle, busy] = [await secured(), await secured()];
    await ask(idle);
    busy.write('GET /stream HTTP/1.1\r\nHost: test\r\n\r\n');
    expect(await readUntil(busy, 'begun')).toContain('Connection: keep-alive');
    taker.retire(HOUR_MS);
    taker.retire(0);
    expect(await readAll(idle)).toBe('');
    await readUntil(busy, 'done'); // promised to be kept, and idle from here on
    expect(await readAll(busy)).toContain('');
    await taker.drained();
  });

  it('lets streams of HTTP/2 end, and no more begin', async () => {
    const taker = new Taker('agent/retires.cjs', { args: ['http2'] });
    await taker.listening();
    const session = http2.connect(`http://127.0.0.1:${await taker.port}`);
    const stream = session.request({ ':path': '/slow' });
    expect(await taker.output.next()).toBe('/slow');
    const goaway = once(session, 'goaway');
    taker.retire(HOUR_MS);
    expect(await readAll(stream)).toBe('here');
    await goaway;
    await taker.drained();
  });

  it('is drained at once when it has no connection', async () => {
    const taker = new Taker('agent/retires.cjs');
    await taker.listening();
    taker.retire(HOUR_MS);
    await taker.drained();
  });
});
