import { describe, expect, test } from 'vitest';
import { GOOD, isAlive, Rig } from '../fixtures/supervisor/rig.ts';

const WATCHED = { watchWindow: '20s' };

/** A rig whose second generation is being watched. */
async function watched(input = {}) {
  const rig = await Rig.serving(GOOD, { ...WATCHED, ...input });
  rig.dataPath.tallies.set(1, { answers: 1_000, errors: 10 });
  const reload = rig.supervisor.reload(undefined, 'judged');
  await rig.journal.first('reload.watching');
  return { rig, reload };
}

describe('in the watch window', () => {
  test('the former generation stays warm, and retires at the end', async () => {
    const { rig, reload } = await watched({ watchWindow: '300ms' });
    expect(rig.dataPath.rotations.at(-1)).toEqual(['2.0', '2.1']);
    expect(rig.supervisor.status()).toMatchObject({ state: 'watching', generation: 2 });
    const former = rig.pids(1);
    expect(former.filter(isAlive)).toEqual(former);
    expect((await reload).durationMs).toBeGreaterThanOrEqual(300);
    await rig.journal.first('generation.retired', ({ generation }) => generation === 1);
    expect(rig.supervisor.status()).toMatchObject({ state: 'serving', generation: 2 });
  });

  test('a new generation that errs more is taken back in one tick, and the reload fails', async () => {
    const { rig, reload } = await watched();
    rig.dataPath.tallies.set(2, { answers: 100, errors: 20 });
    await expect(reload).rejects.toThrow(
      "Generation 2 was taken back: 20% (20 of 100) of its answers were 5xx; of the former generation's it were 1% (10 of 1000)",
    );
    expect(rig.dataPath.rotations).toEqual([
      ['1.0', '1.1'],
      ['2.0', '2.1'],
      ['1.0', '1.1'],
    ]);
    await rig.journal.first('generation.retired', ({ generation }) => generation === 2);
    expect(rig.supervisor.status()).toMatchObject({ state: 'serving', generation: 1, reloads: { done: 0, failed: 1 } });
    await expect(rig.supervisor.rollback()).rejects.toMatchObject({ code: 'cold' });
  });

  test.each([
    ['as often as the former one', { answers: 1_000, errors: 59 }],
    ['too few times to tell', { answers: 9, errors: 9 }],
  ])('a new generation that errs %s stays', async (_, tally) => {
    const { rig, reload } = await watched({ watchWindow: '500ms' });
    rig.dataPath.tallies.set(2, tally);
    expect(await reload).toMatchObject({ generation: 2 });
  });

  test('a crash of the new generation takes it back', async () => {
    const { rig, reload } = await watched();
    process.kill(rig.pids(2)[1]!, 'SIGKILL');
    await expect(reload).rejects.toThrow('Generation 2 was taken back: Worker 1 was killed by SIGKILL');
    expect(rig.dataPath.rotations.at(-1)).toEqual(['1.0', '1.1']);
  });

  test('a worker of the former generation that crashes is refilled, and the new one stays', async () => {
    const { rig, reload } = await watched();
    const failure = expect(reload).rejects.toThrow('taken back');
    const [killed] = rig.pids(1);
    process.kill(killed!, 'SIGKILL');
    await rig.journal.first('worker.restarting');
    await rig.journal.first(
      'worker.ready',
      ({ slot, generation, pid }) => slot === 0 && generation === 1 && pid !== killed,
    );
    expect(rig.supervisor.status()).toMatchObject({ state: 'watching' });
    expect(rig.dataPath.rotations.at(-1)).toEqual(['2.0', '2.1']);
    expect(await rig.supervisor.rollback()).toBe(1);
    await failure;
    expect(rig.dataPath.rotations.at(-1)).toEqual(['1.0', '1.1']);
  });

  test('the operator can go back', async () => {
    const { rig, reload } = await watched();
    const failure = expect(reload).rejects.toThrow('taken back: the operator asked for it');
    expect(await rig.supervisor.rollback()).toBe(1);
    await failure;
    expect(rig.supervisor.status()).toMatchObject({ state: 'serving', generation: 1 });
  });

  test('another reload ends it, and the first one is done', async () => {
    const { rig, reload } = await watched();
    const second = rig.supervisor.reload(undefined, 'judged');
    expect(await reload).toMatchObject({ generation: 2 });
    await rig.journal.first('reload.watching', ({ generation }) => generation === 3);
    expect(rig.dataPath.rotations.at(-1)).toEqual(['3.0', '3.1']);
    rig.supervisor.requestReload();
    expect(await second).toMatchObject({ generation: 3 });
    await rig.journal.first('reload.watching', ({ generation }) => generation === 4);
    const back = rig.supervisor.rollback();
    expect(await back).toBe(3);
  });

  test('another reload, asked for before it has begun, need not wait for its end', async () => {
    const rig = await Rig.serving(GOOD, WATCHED);
    const first = rig.supervisor.reload();
    await rig.supervisor.settled();
    expect(rig.supervisor.state).toBe('watching');
    expect(await first).toEqual({ generation: 2, durationMs: expect.any(Number), watchMs: 20_000 });
    expect(await rig.supervisor.reload()).toMatchObject({ generation: 3 });
  });

  test('with batches, all former workers stay warm', async () => {
    const { rig, reload } = await watched({ surge: 1 });
    expect(rig.pids(1).filter(isAlive)).toHaveLength(2);
    const failure = expect(reload).rejects.toThrow('taken back');
    await rig.supervisor.rollback();
    await failure;
    expect(rig.dataPath.rotations).toEqual([
      ['1.0', '1.1'],
      ['2.0', '1.1'],
      ['2.0', '2.1'],
      ['1.0', '1.1'],
    ]);
  });

  test('the number of workers can change, and holds after going back', async () => {
    const { rig, reload } = await watched();
    await rig.supervisor.scale(3);
    expect(rig.dataPath.rotations.at(-1)).toEqual(['2.0', '2.1', '2.2']);
    const failure = expect(reload).rejects.toThrow('taken back');
    await rig.supervisor.rollback();
    await failure;
    await expect.poll(() => rig.dataPath.rotations.at(-1)).toEqual(['1.0', '1.1', '1.2']);
  });

  test('zdlb stops with everyone', async () => {
    const { rig, reload } = await watched();
    const pids = [...rig.pids(1), ...rig.pids(2)];
    const failure = expect(reload).rejects.toMatchObject({ code: 'stopping' });
    await rig.supervisor.stop();
    await failure;
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

test('without a window there is nothing to go back to', async () => {
  const rig = await Rig.serving();
  await rig.supervisor.reload(undefined, 'judged');
  await expect(rig.supervisor.rollback()).rejects.toMatchObject({ code: 'cold' });
});
