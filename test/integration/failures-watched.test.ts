import { describe, expect, test } from 'vitest';
import { entriesOf, expectNothingLost, expectSuccessorsFirst, isIn, more, serve } from '../kit/failing.ts';
import type { Entry, Front } from '../kit/front.ts';
import { leftAfter } from '../kit/process.ts';
import { RawClient } from '../kit/raw-client.ts';

/** Resolves when so many workers have been replaced. */
async function replaced(front: Front, count: number): Promise<readonly Entry[]> {
  while (entriesOf(front, 'worker.replaced').length < count)
    await front.event('worker.replaced', undefined, front.mark());
  return entriesOf(front, 'worker.replaced');
}

/** Each replacement began when the one before it was over: the successor was ready, and nobody else on the way. */
function expectOneAtATime(front: Front): void {
  const steps = front.entries.filter(({ event }) => event === 'worker.replacing' || event === 'worker.replaced');
  for (const [index, { event }] of steps.entries()) {
    expect(event).toBe(index % 2 === 0 ? 'worker.replacing' : 'worker.replaced');
  }
}

describe('--hang-timeout', () => {
  const ARGS = ['--hang-timeout', '1s', '--drain-timeout', '1s', '--kill-timeout', '500ms'];

  test('a worker that blocks for ever is replaced; only the POST that it had in hand is lost', async () => {
    const scene = await serve('blocks-on-request', ARGS);
    const { front, load } = scene;
    const client = await RawClient.connect(front.port);
    // A POST is never sent to a second worker, which it would block as well.
    const bytes = 'POST /block/by-hand HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n';
    const answer = client.exchange({ method: 'POST', bytes });
    const { slot, reason } = await front.event('worker.replacing');
    expect(reason).toBe('hang');
    const blocked = front.workers(1).get(Number(slot))!;
    const { pid } = await front.event('worker.replaced', isIn(Number(slot)));
    expect(await leftAfter(0, [blocked])).toEqual([blocked]); // its successor was ready first
    await load.tally.answeredBy('pid', Number(pid));
    const exited = await front.event('worker.exited', (entry) => entry['pid'] === blocked);
    expect(exited).toMatchObject({ signal: 'SIGKILL' });
    expect(entriesOf(front, 'worker.killed')).toMatchObject([{ pid: blocked }]);
    expect(await answer).toMatchObject({ response: { status: 502 } });

    const tally = await load.stop();
    await front.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    expect(await scene.ledger.audit(tally.ids())).toMatchObject({ missing: [], repeated: [] });
  });

  test('other clients are answered by the other worker meanwhile', async () => {
    const { front } = await serve('blocks-on-request', ARGS);
    const client = await RawClient.connect(front.port);
    void client.exchange({
      method: 'POST',
      bytes: 'POST /block/x HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n',
    });
    await front.event('worker.replacing');
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => (await fetch(`http://127.0.0.1:${front.port}/now/x`)).status),
    );
    expect(new Set(answers)).toEqual(new Set([200]));
  });

  test('a worker that is busy for less than that is left alone', async () => {
    const scene = await serve('pauses', ['--hang-timeout', '2s']);
    await scene.load.tally.served(500);
    expect(entriesOf(scene.front, 'worker.replacing')).toEqual([]);
    await expectNothingLost(scene);
  });
});

describe('--max-memory', () => {
  test('workers that leak are replaced one at a time, and nothing is lost', async () => {
    // A plain worker holds some 50 to 60 MiB: each is over the limit after some 500 requests.
    const env = { LEAK_PER_REQUEST: String(128 * 1024) };
    const scene = await serve('leaks-memory', ['--max-memory', '120M'], env);
    const { front, load } = scene;
    const replacements = await replaced(front, 4);
    expect(new Set(replacements.map(({ slot }) => slot))).toEqual(new Set([0, 1]));
    expect(new Set(entriesOf(front, 'worker.replacing').map(({ reason }) => reason))).toEqual(new Set(['memory']));
    expectOneAtATime(front);
    expectSuccessorsFirst(front);
    await load.tally.answeredBy('pid', Number(replacements[3]!['pid']));
    await expectNothingLost(scene);
  });

  test('one that leaks without requests is replaced as well', async () => {
    const env = { LEAK_PER_SECOND: String(64 * 1024 * 1024) };
    const scene = await serve('leaks-memory', ['--max-memory', '120M', '--workers', '1'], env);
    expect(await replaced(scene.front, 1)).toMatchObject([{ slot: 0 }]);
    await expectNothingLost(scene);
  });
});

describe('--max-age', () => {
  test('workers are replaced before they grow old, not all at once, and nothing is lost', async () => {
    const scene = await serve(undefined, ['--max-age', '2s', '--workers', '4']);
    const { front } = scene;
    await replaced(front, 8);
    expect(new Set(entriesOf(front, 'worker.replacing').map(({ reason }) => reason))).toEqual(new Set(['age']));
    expect(new Set(entriesOf(front, 'worker.replaced').map(({ slot }) => slot))).toEqual(new Set([0, 1, 2, 3]));
    expectOneAtATime(front);
    expectSuccessorsFirst(front);
    await expectNothingLost(scene);
  });
});

test('--watch-window takes back code that exits after it took over, and every request is answered', async () => {
  const scene = await serve(undefined, ['--watch-window', '5s']);
  const { front, load, ledger, release } = scene;
  await release.deployFixture('failing/exits-in-service.cjs');
  const failed = await front.reload();
  expect(failed.event).toBe('reload.failed');
  expect([failed['reason'], failed['lastLines']].flat().join('\n')).toMatch(/code 1[^]*licence expired/);
  expect(load.tally.versions).toContain('exits-in-service'); // it had taken over
  await more(load, 50);
  load.tally.versions.clear();
  await more(load, 200);
  expect([...load.tally.versions]).toEqual(['1']);
  const tally = await load.stop();
  await front.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(await ledger.audit(tally.ids())).toMatchObject({ missing: [], invented: [] });
});

test('a worker that crashes in a loop is named as such once, and its sibling is left alone', async () => {
  const scene = await serve('crashes-in-slot-1', []);
  const { front, load } = scene;
  const fine = front.workers(1).get(0)!;
  expect(await front.event('worker.crash-looping')).toMatchObject({ slot: 1, crashes: expect.any(Number) as number });
  expect(front.readyWorkers.get(0)).toBe(fine);
  const tally = await load.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(entriesOf(front, 'worker.crash-looping')).toHaveLength(1);
});
