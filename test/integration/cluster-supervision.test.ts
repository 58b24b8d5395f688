import { describe, expect, test } from 'vitest';
import { startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { type Load, startLoad } from '../kit/load.ts';
import { FULL_SPEED, LIGHT } from '../kit/loads.ts';
import { type Source, fixture, Release } from '../kit/release.ts';

/** Clients that connect anew when they are told that their connection closes. */
const HONOURING: Load = { ...LIGHT, connection: 'until told' };

async function serving(source: Source, args: readonly string[], kind = HONOURING) {
  const release = await Release.create(source);
  const ledger = await Ledger.create();
  const front = await startFront({
    script: release.script,
    args: ['--backend', 'cluster', '--drain-timeout', '5s', ...args],
    env: { LEDGER: ledger.path },
  });
  const load = startLoad(kind, front.port);
  await load.tally.answeredBy('version', 1);
  return { release, ledger, front, load };
}

/** What sours is a version of its own: the first one stays good. */
const souring =
  (text: string, sours: string): Source =>
  (version) =>
    text.replaceAll('@version@', String(version)).replaceAll('@sours@', version === 1 ? 'never' : sours);

describe('workers that clients are connected to themselves', () => {
  test('are watched after a reload: a generation that answers 500 is taken back, as its agents tell', async () => {
    const text = (await fixture('souring-server.cjs'))(0).replaceAll("VERSION = '0'", "VERSION = '@version@'");
    const scene = await serving(souring(text, '500'), ['--watch-window', '20s'], {
      ...HONOURING,
      connection: 'each turn',
    });
    await scene.release.deploy(2);
    const failed = await scene.front.reload();
    expect(failed).toMatchObject({
      event: 'reload.failed',
      reason: expect.stringMatching(/taken back: .*5xx/) as string,
    });
    scene.load.tally.versions.clear();
    await scene.load.tally.answeredBy('version', 1);
    const { outcomes, issued } = await scene.load.stop();
    const { ok = 0, 'status-500': errors = 0, ...others } = outcomes;
    expect(others).toEqual({});
    expect(ok + errors).toBe(issued);
  });

  test('come back when the operator wants them back, and nothing is lost', async () => {
    const scene = await serving(await fixture('load-server.cjs'), ['--watch-window', '20s']);
    await scene.release.deploy(2);
    const reload = scene.front.reload();
    await scene.front.event('reload.watching');
    scene.front.signal('SIGALRM');
    expect(await reload).toMatchObject({
      event: 'reload.failed',
      reason: expect.stringContaining('operator') as string,
    });
    await scene.front.event('generation.retired', ({ generation }) => generation === 2);
    const tally = await scene.load.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    expect(await scene.ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
  });

  test('are replaced batch by batch, and one by one when they grow old, and nothing is lost', async () => {
    const scene = await serving(await fixture('load-server.cjs'), ['--surge', '1', '--max-age', '2s'], {
      ...FULL_SPEED,
      lanes: 10,
      connection: 'until told',
    });
    await scene.release.deploy(2);
    expect(await scene.front.reload()).toMatchObject({ event: 'reload.done' });
    await scene.front.event('worker.replaced', ({ generation }) => generation === 2);
    const tally = await scene.load.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    expect(await scene.ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
  });

  test('have to answer a probe before they are handed anything', async () => {
    const scene = await serving(await fixture('load-server.cjs'), ['--health', '/healthz', '--ready-timeout', '2s']);
    await scene.release.deploy(
      2,
      (await fixture('load-server.cjs'))(2).replace("response.end('ok')", 'response.writeHead(500).end()'),
    );
    expect(await scene.front.reload()).toMatchObject({
      event: 'reload.failed',
      reason: expect.stringContaining('answered 500 to GET /healthz') as string,
    });
    const tally = await scene.load.stop();
    expect([...tally.versions]).toEqual(['1']);
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  });
});
