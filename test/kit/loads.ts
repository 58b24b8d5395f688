import { setTimeout as pause } from 'node:timers/promises';
import type { Load } from './load.ts';
import type { Exchange, RawClient } from './raw-client.ts';
import type { Tally } from './tally.ts';

const THINKING_MS = 20;
const BODY_BYTES = 65_536;
const TRICKLE_CHUNKS = 10;
const TRICKLE_MS = 30;
const STREAM_CHUNKS = 25;
const PIPELINED = 10;
/** Bounds a load of fresh connections to what the kernel's ephemeral ports can bear. */
const FRESH_PAUSE_MS = 10;

const STREAM_BODY = Array.from({ length: STREAM_CHUNKS }, (_, chunk) => `${chunk + 1}\n`).join('');

/** Counts an exchange: `ok` takes status 200 and the expected body. */
function settle(tally: Tally, id: string, exchange: Exchange, expected: Buffer | string): void {
  if ('failure' in exchange) return tally.count(exchange.failure, id, exchange.detail);
  const { status, body } = exchange.response;
  if (status !== 200) return tally.count(`status-${status}`, id, body.toString('latin1', 0, 80));
  if (Buffer.from(expected).equals(body)) return tally.count('ok');
  tally.count('wrong-content', id, JSON.stringify(body.toString('latin1', 0, 80)));
}

async function get(client: RawClient, tally: Tally, kind: string, fields = ''): Promise<void> {
  const id = tally.issue();
  const bytes = `GET /${kind}/${id} HTTP/1.1\r\nHost: test\r\n${fields}\r\n`;
  const exchange = await client.exchange({ method: 'GET', bytes, onHead: (_, head) => tally.saw(head) });
  settle(tally, id, exchange, kind === 'stream' ? `${id}\n${STREAM_BODY}` : id);
}

/** Different for each id, so that bodies that got mixed up show. */
function bodyOf(id: string): Buffer {
  return Buffer.alloc(BODY_BYTES, `${id} `);
}

async function post(client: RawClient, tally: Tally): Promise<void> {
  const id = tally.issue();
  const body = bodyOf(id);
  const head = `POST /echo/${id} HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\n\r\n`;
  const bytes = Buffer.concat([Buffer.from(head), body]);
  const exchange = await client.exchange({ method: 'POST', bytes, onHead: (_, fields) => tally.saw(fields) });
  settle(tally, id, exchange, body);
}

async function smallPost(client: RawClient, tally: Tally, kind: string): Promise<void> {
  const id = tally.issue();
  const bytes = `POST /${kind}/${id} HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi`;
  const exchange = await client.exchange({ method: 'POST', bytes, onHead: (_, fields) => tally.saw(fields) });
  settle(tally, id, exchange, id);
}

async function trickle(client: RawClient, tally: Tally): Promise<void> {
  const id = tally.issue();
  const bytes = `POST /echo/${id} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const answer = client.exchange({ method: 'POST', bytes, onHead: (_, fields) => tally.saw(fields) });
  for (let chunk = 1; chunk <= TRICKLE_CHUNKS; chunk++) {
    await pause(TRICKLE_MS);
    client.write(`${id.length.toString(16)}\r\n${id}\r\n`);
  }
  client.write('0\r\n\r\n');
  settle(tally, id, await answer, id.repeat(TRICKLE_CHUNKS));
}

/** Several requests in one write, to be answered in order. */
async function pipeline(client: RawClient, tally: Tally): Promise<void> {
  const ids = Array.from({ length: PIPELINED }, () => tally.issue());
  const all = ids.map((id) => `GET /now/${id} HTTP/1.1\r\nHost: test\r\n\r\n`).join('');
  const exchanges = ids.map((_, index) =>
    client.exchange({ method: 'GET', bytes: index === 0 ? all : '', onHead: (_status, head) => tally.saw(head) }),
  );
  for (const [index, exchange] of (await Promise.all(exchanges)).entries()) {
    settle(tally, ids[index]!, exchange, ids[index]!);
  }
}

/** Half of the connections are closed by the server, because it was asked to, and half by the client. */
async function fresh(client: RawClient, tally: Tally): Promise<void> {
  const byServer = tally.issued % 2 === 0;
  await get(client, tally, 'now', byServer ? 'Connection: close\r\n' : '');
  if (byServer) await client.closed;
  else client.end();
  await pause(FRESH_PAUSE_MS);
}

/** Kept-alive requests with pauses: enough to notice a gap, and light enough to run beside something else. */
export const LIGHT: Load = {
  name: 'light kept-alive load',
  lanes: 10,
  connection: 'kept',
  turn: async (client, tally) => {
    await get(client, tally, 'now');
    await pause(THINKING_MS);
  },
};

export const FRESH: Load = { name: 'a new connection per request', lanes: 20, connection: 'each turn', turn: fresh };

/** POST requests that hold their worker for 200 ms. */
export const SLOW_POSTS: Load = {
  name: 'POST that takes 200 ms',
  lanes: 20,
  connection: 'kept',
  turn: (client, tally) => smallPost(client, tally, 'slow'),
};

/** POST requests that hold their worker for a few milliseconds. */
export const BRIEF_POSTS: Load = {
  name: 'POST that takes a few ms',
  lanes: 50,
  connection: 'kept',
  turn: (client, tally) => smallPost(client, tally, 'brief'),
};

export const FULL_SPEED: Load = {
  name: 'kept-alive GET at full speed',
  lanes: 50,
  connection: 'kept',
  turn: (client, tally) => get(client, tally, 'now'),
};

/** Requests that hold their worker for 200 ms. */
export const SLOW: Load = {
  name: 'handlers that take 200 ms',
  lanes: 50,
  connection: 'kept',
  turn: (client, tally) => get(client, tally, 'slow'),
};

/** Every kind of load that a reload must not be noticed under. */
export const LOADS: readonly Load[] = [
  FULL_SPEED,
  { ...LIGHT, name: '200 kept-alive connections that think for 20 ms', lanes: 200 },
  SLOW,
  { name: 'POST with 64 KiB bodies', lanes: 20, connection: 'kept', turn: post },
  { name: 'chunked uploads that trickle', lanes: 20, connection: 'kept', turn: trickle },
  {
    name: 'streamed responses of several seconds',
    lanes: 20,
    connection: 'kept',
    turn: (client, tally) => get(client, tally, 'stream'),
  },
  FRESH,
  { name: '10 pipelined requests at a time', lanes: 10, connection: 'kept', turn: pipeline },
];

/** The two that find most: for what `npm test` has no time to try under all of them. */
export const FEW: readonly Load[] = [FULL_SPEED, FRESH];
