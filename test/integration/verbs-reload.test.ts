import { describe, expect, test } from 'vitest';
import { shared } from '../kit/lifetime.ts';
import { leftAfter } from '../kit/process.ts';
import { machine, serve } from '../kit/verb-scene.ts';
import { zdlb } from '../kit/verb.ts';

describe('zdlb reload', () => {
  const scene = shared(serve);

  test('returns when the new code has taken over', async () => {
    const { front, release } = scene();
    await release.deploy(2);
    expect(await machine(front, 'reload')).toMatchObject({ generation: 2, durationMs: expect.any(Number) as number });
    const answer = await fetch(`http://127.0.0.1:${front.port}/now/x`);
    expect(answer.headers.get('x-version')).toBe('2');
  });

  test('with --wait-retired, when the former workers are gone', async () => {
    const { front } = scene();
    const former = [...front.readyWorkers.values()];
    await machine(front, 'reload', '--wait-retired');
    expect(await leftAfter(0, former)).toEqual([]);
  });

  test('exits 1 with the reason and the last words of the worker that failed, and the next one works', async () => {
    const { front, release } = scene();
    await release.deployFixture('failing/throws-at-import.cjs');
    const { code, stdout, stderr } = await zdlb(['reload'], front);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^zdlb: Reload failed, generation \d serves on: Worker \d exited with code 1 .*\n {2}.*\n/);
    const forMachines = await zdlb(['reload', '--json'], front);
    expect(forMachines).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(forMachines.stdout)).toEqual({
      error: {
        code: 'worker',
        message: expect.stringMatching(/^Reload failed/) as string,
        lastLines: expect.arrayContaining([expect.stringMatching(/^Error/)]) as string[],
      },
    });
    await release.deploy(3);
    expect(await zdlb(['reload'], front)).toMatchObject({ code: 0 });
  });

  test('that comes during another one has its turn behind it', async () => {
    const { front } = scene();
    const both = await Promise.all([machine(front, 'reload'), machine(front, 'reload')]);
    const [one, other] = both.map((answer) => (answer as { generation: number }).generation);
    expect(Math.abs(one! - other!)).toBe(1);
  });
});
