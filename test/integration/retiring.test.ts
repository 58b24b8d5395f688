import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { type Entry, type Front, startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { startLoad } from '../kit/load.ts';
import { LIGHT } from '../kit/loads.ts';
import { fixture, Release } from '../kit/release.ts';
import { watchStalls } from '../kit/stalls.ts';

/** A chunk every 100 ms: longer than any test. */
const ENDLESS = 1_000;
const DRAIN_MS = 2_500;
/** What stopping an old worker and starting a new one may take on top, on a busy machine. */
const MARGIN_MS = 1_500;
/** A timer counts from the beginning of its turn of the event loop, an entry's time is taken within it. */
const TURN_MS = 50;

/** The answer of the generation that serves, which it will not have finished for a long time. */
async function openStream(port: number): Promise<IncomingMessage> {
  const request = get({ port, path: `/stream/held/${ENDLESS}`, agent: false });
  request.on('error', () => {}); // a cut connection is the response's error too
  onTestFinished(() => void request.destroy());
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {}).resume();
  return response;
}

/** A front with a generation that serves and three that hold a stream each, oldest first; and clients of whoever serves. */
async function threeRetiring(drainTimeout: string) {
  const release = await Release.create(await fixture('load-server.cjs'));
  const ledger = await Ledger.create();
  const args = ['--workers', '1', '--drain-timeout', drainTimeout, '--log-level', 'debug'];
  const front = await startFront({ script: release.script, args, env: { LEDGER: ledger.path } });
  const load = startLoad(LIGHT, front.port);
  const streams: IncomingMessage[] = [];
  const reloads: Entry[] = [];
  for (const version of [2, 3, 4]) {
    streams.push(await openStream(front.port));
    await release.deploy(version);
    reloads.push(await front.reload());
  }
  expect(reloads.map(({ event }) => event)).toEqual(['reload.done', 'reload.done', 'reload.done']);
  await release.deploy(5);
  return { front, ledger, load, streams, relievedAt: reloads.map(({ time }) => Number(time)) };
}

/** Asks for one reload more; resolves when it waits, with the entry that tells how it went. */
async function reloadThatWaits(front: Front) {
  const done = front.reload();
  const waiting = await front.event('reload.waiting');
  expect(waiting).toMatchObject({
    retiring: 3,
    msg: 'The reload waits: 3 former generations still finish what they hold',
  });
  return { waiting, done };
}

const of = (generation: number) => (entry: Entry) => entry['generation'] === generation;

test('while three generations retire, the next reload waits until one of them is done, and nobody is cut short', async () => {
  const { front, ledger, load, streams } = await threeRetiring('30s');
  const { done } = await reloadThatWaits(front);
  await load.tally.served(load.tally.issued + 100);
  expect(front.entries.filter(({ event }) => event === 'worker.started').filter(of(5))).toEqual([]);

  streams[1]!.destroy();
  await front.event('generation.retired', of(2));
  expect(await done).toMatchObject({ event: 'reload.done', generation: 5 });
  await load.tally.answeredBy('version', 5);
  const exited = front.entries.filter(({ event }) => event === 'worker.exited').map(({ generation }) => generation);
  expect(exited.filter((generation) => generation !== 4)).toEqual([2]);
  expect(streams.map(({ destroyed }) => destroyed)).toEqual([false, true, false]);

  const tally = await load.stop();
  for (const stream of streams) stream.destroy();
  expect(await front.stop()).toEqual({ code: 0, signal: null });
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(tally.connections).toBe(LIGHT.lanes);
  expect(await ledger.audit([...tally.ids(), 'held'])).toMatchObject({ ...EXACTLY_ONCE, repeated: ['held'] });
});

test('it waits for the drain timeout of the oldest at most, and the others keep theirs', async () => {
  const { front, load, streams, relievedAt } = await threeRetiring(`${DRAIN_MS}ms`);
  const cut = new Promise((resolve) => streams[0]!.once('close', resolve));
  const stalledMs = watchStalls();
  const { waiting, done } = await reloadThatWaits(front);
  const { event, time } = await done;
  expect(event).toBe('reload.done');
  await cut;
  const waited = Number(time) - relievedAt[0]!;
  expect(Number(waiting['time'])).toBeLessThan(relievedAt[0]! + DRAIN_MS + stalledMs());
  expect(waited).toBeGreaterThanOrEqual(DRAIN_MS - TURN_MS);
  expect(waited).toBeLessThan(DRAIN_MS + MARGIN_MS + stalledMs());
  await load.tally.answeredBy('version', 5);
  for (const generation of [1, 2, 3]) {
    const exited = await front.event('worker.exited', of(generation));
    expect(Number(exited['time']) - relievedAt[generation - 1]!).toBeGreaterThanOrEqual(DRAIN_MS - TURN_MS);
  }
  const tally = await load.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
});

test('it is given up when zdlb is stopped meanwhile', async () => {
  const { front, load, streams } = await threeRetiring('30s');
  const { done } = await reloadThatWaits(front);
  const outcome = expect(done).rejects.toThrow('without reload.done or reload.failed');
  const tally = await load.stop();
  front.signal('SIGTERM');
  await front.event('stopping');
  for (const stream of streams) stream.destroy();
  expect(await front.exited).toEqual({ code: 0, signal: null });
  await outcome;
  expect(front.entries.filter(({ event }) => event === 'worker.started').filter(of(5))).toEqual([]);
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
});
