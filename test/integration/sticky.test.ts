import { describe, expect, test } from 'vitest';
import { SlotCookies } from '../../src/proxy/slot-cookies.js';
import { startFront } from '../kit/front.js';
import { ENGINES, GET, OK, backendAt, through } from '../kit/relay.js';
import { Stage, dial, type Wire } from '../kit/wire.js';

const ANSWER_HEAD = /^HTTP\/1\.1 \d+ [^]*?\r\n\r\n/;

/** The cookies that an answer sets, as they are sent back. */
const cookiesOf = (received: string) => [...received.matchAll(/^set-cookie: ([^;\r]*)/gim)].map(([, pair]) => pair!);
const with_ = (...cookies: readonly string[]) => GET.replace('\r\n\r\n', `\r\nCookie: ${cookies.join('; ')}\r\n\r\n`);

/** Lets the next connection's request be answered; what it was. */
async function answer(stage: Stage, response = OK): Promise<Wire> {
  const worker = await stage.accepts();
  await worker.gets('\r\n\r\n');
  worker.send(response);
  return worker;
}

/** The cookie of a client that has none, and the slot that has answered it. */
async function welcome(port: number, stage: Stage): Promise<string> {
  const client = await dial(port);
  client.send(GET);
  const worker = await answer(stage);
  const [cookie] = cookiesOf(await client.gets('ok'));
  client.socket.destroy();
  worker.socket.destroy();
  return cookie!;
}

describe.each(ENGINES)('--sticky cookie by the %s', (engine) => {
  const { scene } = through(engine);
  const sticky = async (count: number) => scene(count, { cookies: new SlotCookies('test') });

  test('a client without a cookie gets one with its answer, beside those of the program', async () => {
    const { port, stages } = await sticky(2);
    const client = await dial(port);
    client.send(GET);
    await answer(stages[1]!, OK.replace('\r\n', '\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n'));
    expect(cookiesOf(await client.gets('ok'))).toEqual(['a=1', 'b=2', expect.stringMatching(/^zdlb_slot_test=1\./)]);
  });

  test('a client with a cookie gets its slot, whosever turn it is, and no other cookie', async () => {
    const { port, stages } = await sticky(3);
    const cookie = await welcome(port, stages[1]!);
    const client = await dial(port);
    client.send(with_('a=b', cookie));
    const worker = await answer(stages[1]!);
    await client.gets('ok');
    worker.socket.on('data', () => worker.send(OK.replace('ok', 'OK')));
    client.send(with_('a=b').replace('Cookie', `Cookie: ${cookie}\r\nCookie`));
    await client.gets('OK');
    expect(cookiesOf(client.received)).toEqual([]);
  });

  test('after a reload the cookie leads to the same slot of the new generation', async () => {
    const { port, stages, balancer } = await sticky(3);
    const cookie = await welcome(port, stages[1]!);
    const young = await Promise.all([0, 1, 2].map(() => Stage.open()));
    balancer.swap(young.map((stage, slot) => backendAt(stage.port, slot)));
    const client = await dial(port);
    client.send(with_(cookie));
    await answer(young[1]!);
    expect(cookiesOf(await client.gets('ok'))).toEqual([]);
  });

  test('a slot that is not to be had is replaced, and so is its cookie', async () => {
    const { port, stages, backends, balancer } = await sticky(2);
    const cookie = await welcome(port, stages[1]!);
    balancer.swap(backends.slice(0, 1));
    const client = await dial(port);
    client.send(with_(cookie));
    await answer(stages[0]!);
    expect(cookiesOf(await client.gets('ok'))).toEqual([expect.stringMatching(/^zdlb_slot_test=0\./)]);
  });

  test('a worker that cannot be reached costs its clients their slot, and the cookie names who has answered', async () => {
    const { port, stages } = await sticky(2);
    const cookie = await welcome(port, stages[1]!);
    stages[1]!.close();
    const client = await dial(port);
    client.send(with_(cookie));
    await answer(stages[0]!);
    expect(cookiesOf(await client.gets('ok'))).toEqual([expect.stringMatching(/^zdlb_slot_test=0\./)]);
  });

  test('a cookie that was tampered with is none', async () => {
    const { port, stages } = await sticky(2);
    const cookie = await welcome(port, stages[1]!);
    const client = await dial(port);
    client.send(with_(cookie.replace('=1.', '=0.')));
    await answer(stages[0]!); // whose turn it is
    expect(cookiesOf(await client.gets('ok'))).toEqual([expect.stringMatching(/^zdlb_slot_test=0\./)]);
  });

  test('the cookie comes with a 101, and not with what goes before an answer', async () => {
    const { port, stages } = await sticky(1);
    const client = await dial(port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    await answer(stages[0]!, 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhi');
    expect(cookiesOf(await client.gets('hi')).length).toBe(1);
    const other = await dial(port);
    other.send(GET);
    await answer(stages[0]!, `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`);
    const received = await other.gets('ok');
    if (received.includes(' 103 ')) expect(cookiesOf(ANSWER_HEAD.exec(received)![0])).toEqual([]);
    expect(cookiesOf(received).length).toBe(1);
  });

  test('what zdlb answers itself has no cookie', async () => {
    const { port, balancer } = await through(engine).openRelay('http', {
      cookies: new SlotCookies('test'),
      hold: { timeout: 0, max: 0 },
    });
    balancer.swap([]);
    const client = await dial(port);
    client.send(GET);
    expect(cookiesOf(await client.ends())).toEqual([]);
  });
});

test.each(ENGINES)('a session stays on its slot over connections and a reload, by the %s', async (engine) => {
  const args = ['--workers', '3', '--http-engine', engine, '--sticky', 'cookie', '--name', 'shop'];
  const front = await startFront({ script: 'test/fixtures/programs/slot.cjs', args });
  const ask = async (cookie?: string) => {
    const headers = { connection: 'close', ...(cookie === undefined ? {} : { cookie }) };
    const response = await fetch(`http://127.0.0.1:${front.port}/`, { headers });
    const [slot, generation] = (await response.text()).split(' ');
    return { slot, generation, cookies: response.headers.getSetCookie() };
  };
  const sessions = await Promise.all([1, 2, 3].map(() => ask()));
  expect(new Set(sessions.map(({ slot }) => slot)).size).toBe(3);
  const pairs = sessions.map(({ cookies }) => cookies[0]!.split(';')[0]!);
  // By its port, too: a browser sends the cookies of one host to all instances on it, whatever their ports.
  for (const pair of pairs) expect(pair).toMatch(new RegExp(`^zdlb_slot_shop_${front.port}=`));
  for (const generation of ['1', '2']) {
    for (const [i, pair] of pairs.entries()) {
      const answers = [await ask(pair), await ask(pair)];
      for (const got of answers) expect(got).toEqual({ slot: sessions[i]!.slot, generation, cookies: [] });
    }
    if (generation === '1') expect((await front.reload()).event).toBe('reload.done');
  }
});
