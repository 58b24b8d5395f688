import { connect, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { enter, IPV4, readAll, Worker } from './agent-harness.ts';

const PROGRAM = 'agent/head-limit.cjs';
/** The longest that there is: two addresses of IPv6. */
const ADDRESS = '2001:db8:1111:2222:3333:4444:5555:6666';
const CLIENT = `x-zdlb-client: ${ADDRESS} 65535 ${ADDRESS} 65535\r\n`;
/** How much the agent raises the limit. */
const RAISED = 1024;
const LARGEST = 64 * 1024;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What a request gets whose field `A` is of that size. */
async function ask(socket: Socket, size: number, added = ''): Promise<Answer> {
  onTestFinished(() => void socket.destroy());
  socket.write(`GET / HTTP/1.1\r\n${added}Host: example\r\nConnection: close\r\nA: ${'a'.repeat(size)}\r\n\r\n`);
  const answer = await readAll(socket);
  return { status: Number(answer.slice(9, 12)), body: answer.slice(answer.indexOf('\r\n\r\n') + 4) };
}

/** The largest field `A` that the program takes where nothing stands in front of it. */
async function nativeLimit(args: readonly string[]): Promise<number> {
  const native = new Worker(PROGRAM, { args, port: 0, isNative: true });
  const { port } = (await native.messages.next()) as AddressInfo;
  let [taken, refused] = [0, LARGEST];
  while (refused - taken > 1) {
    const size = Math.floor((taken + refused) / 2);
    const { status } = await ask(connect(port, '127.0.0.1'), size);
    if (status === 200) taken = size;
    else refused = size;
  }
  return taken;
}

describe.each([[[]], [['4000']], [['40000']]])("the program's limit of a head: %j", (args) => {
  test('holds for what the client sends, not for what zdlb adds', async () => {
    const limit = await nativeLimit(args);
    expect(limit).toBeGreaterThan(0);
    expect(limit).toBeLessThan(LARGEST - 1);
    const door = await new Worker(PROGRAM, { args }).opened();
    const { status, body } = await ask(enter(door), limit, CLIENT);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ ...(args.length > 0 && { limit: Number(args[0]) }), fields: 3 });
    expect(await ask(enter(door), limit + RAISED, CLIENT)).toMatchObject({ status: 431 });
  });
});

test('the connection of one client has the limit of the program, to the byte', async () => {
  const limit = await nativeLimit([]);
  const door = await new Worker(PROGRAM).opened();
  expect(await ask(enter(door, IPV4), limit)).toMatchObject({ status: 200 });
  expect(await ask(enter(door, IPV4), limit + 1)).toMatchObject({ status: 431 });
});
