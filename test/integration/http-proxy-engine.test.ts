import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Backend } from '../../src/proxy/backend.js';
import { GET, OK, SETTINGS, exchange as exchangeVia, openRelay, scene as sceneVia } from '../kit/relay.js';
import { Stage, type Wire, dial } from '../kit/wire.js';

const via = { engine: 'http-proxy' } as const;
const exchange = async (request: string, response: string) => exchangeVia(request, response, via);
const scene = async (count: number, settings = {}) => sceneVia(count, { ...via, ...settings });

/** What http-proxy would do to them by itself. */
describe('what passes through http-proxy comes out as it went in:', () => {
  test('the target, slashes and all', async () => {
    const head = 'GET //a///b?c=//d|%2F HTTP/1.1\r\nHost: a\r\n\r\n';
    const { worker } = await exchange(head, OK);
    expect(worker.received).toBe(head);
  });

  test('a request of HTTP/1.0 that names no host, and is not told the private address', async () => {
    const { worker } = await exchange('GET / HTTP/1.0\r\n\r\n', OK);
    expect(worker.received).toBe('GET / HTTP/1.1\r\nHost: \r\n\r\n');
  });

  test('the body of a DELETE, which is never left over as another request', async () => {
    const body = `${GET.length.toString(16)}\r\n${GET}\r\n0\r\n\r\n`;
    const head = 'DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const { worker } = await exchange(head + body, OK);
    expect(await worker.gets('\r\n0\r\n\r\n')).toBe(head + body);
  });

  test('fields of the request, in their order and letters, repeated ones too', async () => {
    const head = 'GET / HTTP/1.1\r\nX-B: 1\r\nHost: a\r\nX-a: 2\r\nX-a: 3\r\nCookie: c=d\r\n\r\n';
    expect((await exchange(head, OK)).worker.received).toBe(head);
  });

  test('fields of the answer, in their order and letters, repeated ones too', async () => {
    const head =
      'HTTP/1.1 200 Fine\r\nSet-Cookie: a\r\nLocation: b\r\nset-cookie: c\r\nLocation: d\r\nX-E: f\r\nX-E: g\r\n';
    const { client } = await exchange(GET, `${head}Content-Length: 2\r\n\r\nok`);
    expect(await client.gets('ok')).toBe(`${head}Content-Length: 2\r\n\r\nok`);
  });
});

test('an upgrade with a body is refused, since Node does not tell where the body ends', async () => {
  const { port } = await scene(1);
  const client = await dial(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a\r\nContent-Length: 1\r\n\r\nx');
  expect(await client.ends()).toMatch(/^HTTP\/1.1 400 /);
});

async function workerWithAgent() {
  const { port, balancer } = await openRelay('http', via);
  const stage = await Stage.open();
  balancer.swap([new Backend({ address: { port: stage.port }, secret: '00'.repeat(16) })]);
  return { client: await dial(port), stage };
}

describe('the field that tells the agent of the client', () => {
  test("stands first, and a client's own does not pass", async () => {
    const { client, stage } = await workerWithAgent();
    client.send('GET / HTTP/1.1\r\nX-Zdlb-Client: 6.6.6.6 6 6.6.6.6 6\r\nHost: a\r\n\r\n');
    const received = await (await stage.accepts()).gets('\r\n\r\n');
    const { localPort, remotePort } = client.socket;
    const field = `x-zdlb-client: 127.0.0.1 ${localPort} 127.0.0.1 ${remotePort}`;
    expect(received.slice(received.indexOf('GET'))).toBe(`GET / HTTP/1.1\r\n${field}\r\nHost: a\r\n\r\n`);
  });

  // An object lists such names before all others.
  test('cannot be pushed back by a field whose name is a number', async () => {
    const { client } = await workerWithAgent();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n1: b\r\n\r\n');
    expect(await client.ends()).toMatch(/^HTTP\/1.1 400 /);
  });
});

/** Two workers; the second has answered one request and hangs up when it gets another, which it does: they take turns. */
async function deadEnd(request: string, settings = {}) {
  const { port, stages, balancer, backends } = await scene(2, settings);
  balancer.swap([backends[1]!]);
  const client = await dial(port);
  client.send(GET);
  const first = await stages[1]!.accepts();
  await first.gets(GET);
  first.send(OK);
  await client.gets(OK);
  balancer.swap(backends);
  first.socket.once('data', () => first.socket.resetAndDestroy());
  const served: string[] = [];
  const serve = async (): Promise<void> => {
    const worker = await stages[0]!.accepts();
    worker.socket.on('data', (text: string) => answer(worker, text));
    if (worker.received !== '') answer(worker, worker.received);
    await serve();
  };
  const answer = (worker: Wire, text: string): void => {
    served.push(text);
    worker.send(OK);
  };
  void serve();
  client.send(request);
  return { client, served };
}

describe('when an idle socket turns out to be dead', () => {
  const PUT = 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi';

  test('an idempotent request is sent again, body and all', async () => {
    const { client, served } = await deadEnd(PUT);
    await client.gets(/ok.*ok/s);
    expect(served).toEqual([PUT]);
  });

  test('one whose body is too long to be kept is not', async () => {
    const long = PUT.replace('Length: 2\r\n\r\nhi', `Length: 3000\r\n\r\n${'x'.repeat(3_000)}`);
    const { client } = await deadEnd(long, { maxBufferSize: 1_000 });
    expect(await client.gets('answered\n')).toMatch(/ 502 /);
  });
});

test.each([
  ['POST', '', 502],
  ['POST', 'Idempotency-Key: "a"\r\n', 200],
])('a %s (%j) at a worker that dies is answered with %i…', async (method, field, status) => {
  const { port, stages } = await scene(2);
  const client = await dial(port);
  client.send(`${method} / HTTP/1.1\r\nHost: a\r\n${field}Content-Length: 2\r\n\r\nhi`);
  const worker = await stages[1]!.accepts();
  await worker.gets('hi');
  void stages[0]!.accepts().then((other) => other.send(OK));
  worker.socket.resetAndDestroy();
  expect(await client.gets(/ok|answered/)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test('100 (Continue) is said once a worker is there, whichever it is', async () => {
  const { port, stages } = await scene(2);
  stages[1]!.close();
  const client = await dial(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
  expect(await client.gets('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  client.send('hi');
  const worker = await stages[0]!.accepts();
  expect(await worker.gets('hi')).toBe('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi');
  worker.send(OK);
  expect(await client.gets('ok')).toBe(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
});

test('the head of an answer does not wait for its body', async () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';
  const { client } = await exchange(GET, head);
  expect(await client.gets(head)).toBe(head);
});

test('a client that goes away cancels its request at the worker', async () => {
  const { client, worker, backend } = await exchange(GET, '');
  const drained = backend.drained();
  client.socket.resetAndDestroy();
  await Promise.all([worker.ends(), drained]);
});

test('bytes that an idle worker sends unasked are no answer to the next request', async () => {
  const { client, worker } = await exchange(GET, OK);
  await client.gets(OK);
  worker.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
  await worker.ends();
});

const ENGINE = new URL('../../dist/proxy/http-engine.js', import.meta.url).href;

test.each([
  ['relay', '0 false'],
  ['http-proxy', '1 false'],
])('with the %s, http-proxy is loaded only if chosen, and node:util is left as it was', async (engine, expected) => {
  const code = `
    const util = require('node:util');
    const before = Object.getOwnPropertyDescriptor(util, '_extend');
    const load = async () => {
      const { makeHttpRelay } = await import(${JSON.stringify(ENGINE)});
      makeHttpRelay(${JSON.stringify(engine)}, {}, ${JSON.stringify(SETTINGS)});
      const after = Object.getOwnPropertyDescriptor(util, '_extend');
      const loaded = Object.keys(require('node:module')._cache).filter((path) => path.endsWith('/http-proxy/index.js'));
      console.log(Math.min(1, loaded.length), before?.value !== after?.value);
    };
    load();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--throw-deprecation', '-e', code]);
  expect(stdout.trim()).toBe(expected);
});
