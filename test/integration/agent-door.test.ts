import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Door } from '../../dist/core/messages.cjs';
import { encode } from '../../dist/core/proxy-protocol.cjs';
import {
  enter,
  headerOf,
  IPV4,
  knock,
  readAll,
  request,
  secretOf,
  Worker,
  type WorkerOptions,
} from './agent-harness.ts';

async function reports(options: WorkerOptions): Promise<unknown[]> {
  const worker = new Worker('agent/accepted.cjs', options);
  const { port } = (await worker.messages.next()) as { port: number };
  const socket = options.isNative === true ? connect(port, '127.0.0.1') : enter(await worker.opened(), IPV4);
  socket.end('some words, and the end');
  const seen = [readAll(socket), worker.messages.next(), worker.messages.next()];
  if (options.args?.[0] !== 'read') seen.push(worker.messages.next());
  return Promise.all(seen);
}

describe('a connection reaches the program just as Node hands it over', () => {
  it.each(['read', 'pause', 'pauseOnConnect'])('for a program that says %s', async (what) => {
    const native = await reports({ args: [what], port: 0, isNative: true });
    expect(await reports({ args: [what] })).toEqual(native);
    expect(native[0]).toBe('bye');
  });

  it('and what the program hands from one server to another needs no header', async () => {
    const worker = new Worker('agent/hands-over.cjs');
    const [, forwarding] = [await worker.opened(), await worker.opened()];
    expect(await request(forwarding, IPV4)).toBe('handed over from 4711');
  });

  it('with what stands behind the header, an immediate end too', async () => {
    const worker = new Worker('agent/accepted.cjs');
    const door = await worker.opened();
    await worker.messages.next();
    const socket = knock(door);
    socket.end(headerOf(door, IPV4));
    expect(await worker.messages.next()).toMatchObject({ readableEnded: false });
    expect(await worker.messages.next()).toEqual({ text: '' });
    expect(await readAll(socket)).toBe('bye');
  });
});

/** Whether the agent hangs up, and what it said. */
async function silence(socket: Socket): Promise<string> {
  socket.on('error', () => {});
  let text = '';
  socket.on('data', (data) => (text += data));
  await once(socket, 'close', { signal: AbortSignal.timeout(5000) });
  return text;
}

const words: Record<string, (door: Door) => Buffer> = {
  'no header': () => Buffer.from('GET / HTTP/1.1\r\nHost: example\r\n\r\n'),
  'no secret': () => encode({ command: 'PROXY', ends: IPV4, secret: Buffer.alloc(0) }),
  'a wrong secret': () => encode({ command: 'PROXY', ends: IPV4, secret: randomBytes(16) }),
  'a part of the secret': (door) => headerOf(door, undefined, secretOf(door).subarray(0, 15)),
  'a header that says it is longer than any': (door) => {
    const header = headerOf(door, IPV4);
    header.writeUInt16BE(0xffff, 14);
    return header;
  },
  'an empty header': (door) => {
    const header = headerOf(door).subarray(0, 16);
    header.writeUInt16BE(0, 14);
    return header;
  },
  'a malformed header': (door) => {
    const header = headerOf(door, IPV4);
    header.writeUInt16BE(400, 16 + 12 + 1);
    return header;
  },
};

describe('strangers are dropped without a word', () => {
  it('whatever they say, and everybody else is served', async () => {
    const worker = new Worker('programs/esm.mjs');
    const door = await worker.opened();
    for (const [what, say] of Object.entries(words)) {
      const socket = knock(door);
      socket.write(say(door));
      expect(await silence(socket), what).toBe('');
      const ending = knock(door);
      ending.end(say(door).subarray(0, 10));
      expect(await silence(ending), what).toBe('');
    }
    const resetting = knock(door);
    await once(resetting, 'connect');
    resetting.resetAndDestroy();
    expect(JSON.parse(await request(door))).toMatchObject({ pid: worker.child.pid });
  });

  it('but not the front, when the program was busy for longer than its header may take', async () => {
    const worker = new Worker('agent/busy.cjs');
    const door = await worker.opened();
    const waiting = knock(door);
    await once(waiting, 'connect');
    expect(await request(door)).toBe('here'); // accepted behind the other one, which therefore is, too
    worker.child.send(2200);
    expect(await worker.messages.next()).toBe('busy');
    waiting.write(headerOf(door));
    waiting.write('GET / HTTP/1.1\r\nHost: example\r\nConnection: close\r\n\r\n');
    expect(await readAll(waiting)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("with another worker's secret, and none is to be found where everybody may look", async () => {
    const workers = [new Worker('programs/esm.mjs'), new Worker('programs/esm.mjs')] as const;
    const [mine, other] = [await workers[0].opened(), await workers[1].opened()];
    expect(mine.secret).toMatch(/^[0-9a-f]{32}$/);
    expect(mine.secret).not.toBe(other.secret);
    const socket = knock(mine);
    socket.write(headerOf(other));
    expect(await silence(socket)).toBe('');
    for (const file of ['environ', 'cmdline']) {
      const text = readFileSync(`/proc/${workers[0].child.pid}/${file}`, 'latin1');
      expect(text).toContain(file === 'environ' ? 'PORT=' : 'esm.mjs');
      expect(text).not.toContain(mine.secret);
    }
  });
});
