import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readAll, readUntil } from './agent-harness.ts';
import { Taker } from './hand-over-harness.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
const PROBE = 'GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: zdlb-health\r\n\r\n';

/** A worker that keeps its answers, and a client of its own. */
async function scene(): Promise<{ worker: Taker; client: Socket }> {
  const worker = new Taker('agent/holds.cjs', { settings: { beatMs: 20 } });
  await worker.opened();
  return { worker, client: await worker.client() };
}

/** What the worker says, beat by beat, that it is at; waits until that is so, and stays so for one beat more. */
async function expectInFlight(worker: Taker, count: number): Promise<void> {
  const next = async () => (await worker.vitals.next()).inFlight;
  await expect.poll(next, { interval: 1, timeout: 5_000 }).toBe(count);
  expect(await next()).toBe(count);
}

describe('the requests that the agent tells to be in flight', () => {
  it('come home with their answers, on a connection that is kept', async () => {
    const { worker, client } = await scene();
    for (let i = 0; i < 2; i++) {
      client.write(GET);
      await expectInFlight(worker, 1);
      worker.child.send(1);
      await readUntil(client, 'here');
      await expectInFlight(worker, 0);
    }
    client.destroy();
    await expectInFlight(worker, 0);
  });

  it('come home with their answers when they were pipelined', async () => {
    const { worker, client } = await scene();
    client.write(GET.repeat(4));
    await expectInFlight(worker, 4);
    worker.child.send(4);
    await expectInFlight(worker, 0);
  });

  it('come home when their client leaves, those too that were pipelined', async () => {
    const { worker, client } = await scene();
    const other = await worker.client();
    other.write(GET);
    client.write(GET.repeat(5));
    await expectInFlight(worker, 6);
    client.destroy();
    await expectInFlight(worker, 1); // the other client's
    other.destroy();
    await expectInFlight(worker, 0);
  });

  it('come home when their client leaves with some answers, and the others are given to nobody', async () => {
    const { worker, client } = await scene();
    client.write(GET.repeat(4));
    await expectInFlight(worker, 4);
    worker.child.send(2);
    await expectInFlight(worker, 2);
    client.destroy();
    await expectInFlight(worker, 0);
    worker.child.send(2);
    await expectInFlight(worker, 0);
  });

  it('are those before an upgrade, and not the upgrade', async () => {
    const { worker, client } = await scene();
    client.write(GET);
    await expectInFlight(worker, 1);
    worker.child.send(1);
    await readUntil(client, 'here');
    client.write(UPGRADE);
    await readUntil(client, '101 Switching Protocols');
    await expectInFlight(worker, 0);
    client.end('words');
    expect(await readAll(client)).toContain('words');
    await expectInFlight(worker, 0);
  });

  it('come home when their client leaves behind an upgrade that was pipelined', async () => {
    const { worker, client } = await scene();
    client.write(GET + GET + UPGRADE);
    await expectInFlight(worker, 2);
    client.destroy();
    await expectInFlight(worker, 0);
  });

  it('are no health probes', async () => {
    const { worker, client } = await scene();
    client.write(PROBE + GET + PROBE);
    await expectInFlight(worker, 1);
    worker.child.send(3);
    await expectInFlight(worker, 0);
  });
});
