import { describe, expect, test } from 'vitest';
import { GOOD, Rig } from '../fixtures/supervisor/rig.ts';

/** Slot 2 of this code never becomes ready. */
const BROKEN_IN_SLOT_2 = `if (process.env.ZDLB_WORKER === '2') throw new Error('no database'); ${GOOD}`;

async function mixed(): Promise<Rig> {
  const rig = await Rig.serving(GOOD, { workers: 4, surge: 1 });
  await rig.deploy(BROKEN_IN_SLOT_2);
  await expect(rig.supervisor.reload()).rejects.toThrow('no database');
  return rig;
}

describe('a reload in batches', () => {
  test('replaces two by two, the next when the ones before are gone', async () => {
    const rig = await Rig.serving(GOOD, { workers: 4, surge: 2 });
    const release = rig.dataPath.hold(1);
    const reload = rig.supervisor.reload();
    await rig.journal.first('reload.batch');
    expect(rig.dataPath.rotations.at(-1)).toEqual(['2.0', '2.1', '1.2', '1.3']);
    expect(rig.supervisor.status().workers.map(({ generation, state }) => `${generation} ${state}`)).toEqual([
      '1 draining',
      '1 draining',
      '1 ready',
      '1 ready',
      '2 ready',
      '2 ready',
    ]); // and none of the second batch has been started
    release();
    expect(await reload).toMatchObject({ generation: 2 });
    expect(rig.dataPath.rotations).toEqual([
      ['1.0', '1.1', '1.2', '1.3'],
      ['2.0', '2.1', '1.2', '1.3'],
      ['2.0', '2.1', '2.2', '2.3'],
    ]);
    await rig.journal.first('generation.retired');
    expect(rig.supervisor.status()).toMatchObject({ state: 'serving', generation: 2, reloads: { done: 1 } });
  });

  test.each([1, 3, 9])('of %d takes every worker, and never lets fewer than wanted serve', async (surge) => {
    const rig = await Rig.serving(GOOD, { workers: 4, surge });
    await rig.supervisor.reload();
    expect(rig.dataPath.rotations.map(({ length }) => length)).toEqual(rig.dataPath.rotations.map(() => 4));
    expect(rig.dataPath.rotations.at(-1)).toEqual(['2.0', '2.1', '2.2', '2.3']);
  });

  test('whose first batch fails touches nothing', async () => {
    const rig = await Rig.serving(GOOD, { workers: 2, surge: 1 });
    await rig.deploy(`throw new Error('broken')`);
    await expect(rig.supervisor.reload()).rejects.toThrow(/broken/);
    expect(rig.dataPath.rotations).toEqual([['1.0', '1.1']]);
    expect(rig.supervisor.status()).toMatchObject({ state: 'serving', generation: 1 });
  });

  test('whose later batch fails keeps what serves, and says exactly who that is', async () => {
    const rig = await Rig.serving(GOOD, { workers: 4, surge: 1 });
    await rig.deploy(BROKEN_IN_SLOT_2);
    await expect(rig.supervisor.reload()).rejects.toThrow(/Worker 2 exited .*no database/);
    const { message } = await rig.journal.first('reload.failed');
    expect(message).toMatch(
      /^Reload failed, generation 2 \(workers 0, 1\) and generation 1 \(workers 2, 3\) serves? on: Worker 2/,
    );
    expect(rig.dataPath.rotations.at(-1)).toEqual(['2.0', '2.1', '1.2', '1.3']);
    expect(rig.supervisor.status()).toMatchObject({ state: 'mixed', generation: 2, reloads: { done: 0, failed: 1 } });
    expect(rig.supervisor.status().workers.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready', 'ready']);
  });

  describe('that has stopped half way', () => {
    test('is mended by the next one', async () => {
      const rig = await mixed();
      await rig.deploy(GOOD);
      expect(await rig.supervisor.reload()).toMatchObject({ generation: 3 });
      expect(rig.dataPath.rotations.at(-1)).toEqual(['3.0', '3.1', '3.2', '3.3']);
      for (const retired of [1, 2])
        await rig.journal.first('generation.retired', (line) => line['generation'] === retired);
      expect(rig.supervisor.status()).toMatchObject({ state: 'serving', generation: 3 });
      expect(rig.supervisor.status().workers).toHaveLength(4);
    });

    test('can stop half way again', async () => {
      const rig = await mixed();
      await rig.deploy(BROKEN_IN_SLOT_2.replace("'2'", "'1'"));
      await expect(rig.supervisor.reload()).rejects.toThrow('no database');
      expect(rig.dataPath.rotations.at(-1)).toEqual(['3.0', '2.1', '1.2', '1.3']);
    });

    test('refills each slot with the code of its generation', async () => {
      const rig = await mixed();
      process.kill(rig.pids(1)[0]!, 'SIGKILL');
      await rig.journal.first('worker.restarting', ({ slot }) => slot === 2);
      await expect.poll(() => rig.dataPath.rotations.at(-1)).toEqual(['2.0', '2.1', '1.2', '1.3']);
    });

    test('is scaled up with the code that had proved itself everywhere, and down from above', async () => {
      const rig = await mixed();
      await rig.supervisor.scale(5);
      expect(rig.dataPath.rotations.at(-1)).toEqual(['2.0', '2.1', '1.2', '1.3', '1.4']);
      await rig.supervisor.scale(1);
      expect(rig.dataPath.rotations.at(-1)).toEqual(['2.0']);
    });

    test('stops with everyone', async () => {
      const rig = await mixed();
      await rig.supervisor.stop();
      expect(rig.supervisor.status()).toMatchObject({ state: 'stopped', workers: [] });
    });
  });

  test('is stopped between two batches', async () => {
    const rig = await Rig.serving(GOOD, { workers: 2, surge: 1, drainTimeout: '5s' });
    const release = rig.dataPath.hold(1);
    const reload = rig.supervisor.reload();
    await rig.journal.first('reload.batch');
    const stopped = rig.supervisor.stop();
    release();
    await expect(reload).rejects.toMatchObject({ code: 'stopping' });
    await stopped;
    expect(rig.supervisor.status().workers).toEqual([]);
  });
});
