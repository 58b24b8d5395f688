import { expect } from 'vitest';
import { type Front, type FrontOptions, startFront } from './front.ts';
import { fixture, Release } from './release.ts';
import { zdlb } from './verb.ts';

/** A front of the program of test/fixtures/load-server.cjs, and where its code comes from. */
export async function serve(options: Partial<FrontOptions> = {}) {
  const release = await Release.create(await fixture('load-server.cjs'));
  const front = await startFront({ script: release.script, ...options });
  return { release, front };
}

/** What a verb that does what it is asked prints for machines. */
export async function machine(front: Front, ...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await zdlb([...args, '--json'], front);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}
