import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Front, startFront } from '../kit/front.ts';
import { RawClient } from '../kit/raw-client.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/late-answers.cjs', import.meta.url));
const ROUNDS = 5;

interface Record {
  readonly who: string;
  readonly socket: number;
  readonly isStranger: boolean;
  /** The client's port, by the stage of its request at which the program looked. */
  readonly seen: Readonly<{ [stage: string]: number }>;
}

async function clients(front: Front) {
  const two = await Promise.all([RawClient.connect(front.port), RawClient.connect(front.port)]);
  for (const client of two) onTestFinished(() => client.destroy());
  return two;
}

async function ask(client: RawClient, url: string, who: string, fields = ''): Promise<string> {
  const bytes = `GET ${url} HTTP/1.1\r\nHost: a\r\nX-Who: ${who}\r\n${fields}\r\n`;
  const exchange = await client.exchange({ method: 'GET', bytes });
  if ('failure' in exchange) throw new Error(`${url}: ${exchange.failure}, ${exchange.detail}`);
  return exchange.response.body.toString();
}

/** What the program has seen; every look at a request showed its own client. */
async function report(client: RawClient): Promise<readonly Record[]> {
  const records = JSON.parse(await ask(client, '/report', 'reader')) as readonly Record[];
  const portsOf = (who: string) =>
    new Set(records.flatMap((record) => (record.who === who ? Object.values(record.seen) : [])));
  expect([portsOf('first').size, portsOf('second').size]).toEqual([1, 1]);
  expect(portsOf('first')).not.toEqual(portsOf('second'));
  return records;
}

const URLS = ['/at-once', '/awaited', '/file', '/length', '/not-modified'];

describe.each(['relay', 'http-proxy'])(
  "of two clients on one connection to a worker, with the engine '%s',",
  (engine) => {
    const start = () => startFront({ script: PROGRAM, args: ['--workers', '1', '--http-engine', engine] });

    test("neither sees the other's address before 'close', however late the program ends its answer", async () => {
      const [first, second] = await clients(await start());
      for (let round = 0; round < ROUNDS; round++) {
        for (const url of URLS) {
          await ask(first, url, 'first');
          await ask(second, url, 'second');
        }
      }
      const records = await report(first);
      expect(records).toHaveLength(2 * ROUNDS * URLS.length);
      expect(new Set(records.map(({ socket }) => socket))).toEqual(new Set([0]));
      expect(records.filter(({ isStranger }) => isStranger)).toEqual([]);
      for (const { seen } of records) {
        expect(Object.keys(seen)).toEqual(expect.arrayContaining(['begin', 'finish', 'close', 'closed']));
      }
    });

    test('nor when one asks for another protocol behind an answer that has not ended, nor when both pipeline', async () => {
      const front = await start();
      const [first, upgrading] = await clients(front);
      await ask(first, '/length', 'first');
      upgrading.write(
        'GET /upgrade HTTP/1.1\r\nHost: a\r\nX-Who: other\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n',
      );
      await upgrading.closed;
      const second = await RawClient.connect(front.port);
      onTestFinished(() => second.destroy());
      await Promise.all(URLS.flatMap((url) => [ask(first, url, 'first'), ask(second, url, 'second')]));
      const records = await report(first);
      expect(records).toHaveLength(2 * URLS.length + 2);
    });
  },
);
