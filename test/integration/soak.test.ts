import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { descriptorsOf } from '../kit/descriptors.ts';
import type { Front } from '../kit/front.ts';
import { memoryOf } from '../kit/memory.ts';
import { askHoldings } from '../kit/probe.ts';
import { NO_LOSSES, Soak, WORKERS } from '../kit/soak.ts';

const LONG = process.env['ZDLB_TEST_SOAK'];
const RELOADS = Number(LONG ?? 12);
/** What is compared is how the front was after so many reloads, and how it is after all. */
const SETTLED = 10;
const TIMEOUT_MS = 30_000 + RELOADS * 4_000;
const MIB = 1024 * 1024;
/** After a full collection. Between the tenth and the hundredth reload it grew by 0.2 to 0.5 MiB: compiled code, mostly. */
const MOST_HEAP_GROWTH = MIB;
/** It grew by 5 to 13 MiB; V8 may enlarge its young generation by another 16 at any time, and keeps what it has. */
const MOST_RESIDENT_GROWTH = 32 * MIB;
const MOST_STOP_MS = 2_000;

/** What a front at rest holds, from outside and from inside. */
async function inventory(front: Front, temporary: string) {
  const { heap, resources } = await askHoldings(front);
  const files = await readdir(temporary, { recursive: true });
  return {
    kept: { descriptors: descriptorsOf(front.pid), resources, files: files.length },
    heap,
    memory: memoryOf(front.pid).now,
  };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zdlb-soak-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test(
  `${RELOADS} reloads with random outcomes, under random kills, leave nothing behind`,
  { timeout: TIMEOUT_MS },
  async () => {
    const temporary = await temporaryFolder();
    const soak = await Soak.start(temporary);
    const { front } = soak;

    await soak.reload(SETTLED);
    await soak.rest();
    const early = await inventory(front, temporary);
    await soak.reload(RELOADS - SETTLED);
    await soak.rest();
    const late = await inventory(front, temporary);
    if (LONG !== undefined) console.info(soak.summary, JSON.stringify({ early, late }));

    expect(late.kept, soak.seed).toEqual(early.kept);
    expect(late.heap - early.heap, soak.seed).toBeLessThan(MOST_HEAP_GROWTH);
    expect(late.memory - early.memory, soak.seed).toBeLessThan(MOST_RESIDENT_GROWTH);
    expect(await soak.answeringVersions()).toEqual([String(soak.serving)]);
    expect(soak.processes.filter(({ parent }) => parent === front.pid)).toHaveLength(WORKERS + 1);

    const stopping = performance.now();
    expect(await front.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - stopping).toBeLessThan(MOST_STOP_MS);
    expect(soak.processes).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
    expect(front.stderr.replaceAll(/^\{.*\}\n/gm, '')).toBe(''); // no warning of Node's, of a leak or of anything else
    expect(await soak.losses(), soak.seed).toEqual(NO_LOSSES);
  },
);
