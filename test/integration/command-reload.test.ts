import { describe, expect, test } from 'vitest';
import { startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { type Load, startLoad } from '../kit/load.ts';
import { FEW, FULL_SPEED, LOADS, SLOW_POSTS } from '../kit/loads.ts';
import { hasPython, WITHOUT_PYTHON } from '../kit/python.ts';
import { fixture, Release } from '../kit/release.ts';
import { reloadTimes, versionsAfter } from '../kit/reloads.ts';

const WANTED = process.env['ZDLB_TEST_RELOADS'];
const RELOADS = Number(WANTED ?? 1);

interface Program {
  readonly name: string;
  readonly fixture: string;
  /** Run in the folder of its version. */
  readonly command: readonly string[];
  readonly loads: readonly Load[];
  readonly canRun: boolean;
}

/** In `npm test` one program is tried under several of them; it is the loads that find something, and the program that may differ. */
const SOME = [...(WANTED === undefined ? FEW : LOADS), SLOW_POSTS];
const OTHERS = WANTED === undefined ? [SLOW_POSTS] : SOME;

const PROGRAMS: readonly Program[] = [
  {
    name: `a Python program${WITHOUT_PYTHON}`,
    fixture: 'programs/app.py',
    command: ['python3', 'server.cjs'],
    loads: SOME,
    canRun: hasPython,
  },
  {
    name: 'a Node program in the place of its shell',
    fixture: 'load-server.cjs',
    command: ['sh', '-c', 'exec node server.cjs'],
    loads: OTHERS,
    canRun: true,
  },
  {
    name: 'a Node program whose shell stays',
    fixture: 'load-server.cjs',
    command: ['sh', '-c', 'node server.cjs; true'],
    loads: OTHERS,
    canRun: true,
  },
];

async function reloadUnder(kind: Load, program: Program, ...args: string[]): Promise<void> {
  const release = await Release.create(await fixture(program.fixture));
  const ledger = await Ledger.create();
  const front = await startFront({
    args: ['--mode', 'http', ...args, '--cwd', `${release.folder}/current`, '--', ...program.command],
    env: { LEDGER: ledger.path },
  });
  const load = startLoad(kind, front.port);
  await reloadTimes(RELOADS, { front, release, load });

  const tally = await load.stop();
  const exit = await front.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect([...tally.versions]).toEqual(versionsAfter(RELOADS));
  if (kind.connection === 'kept') expect(tally.connections).toBe(kind.lanes);
  expect(await ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
  expect(exit).toEqual({ code: 0, signal: null });
}

const timeout = 30_000 + RELOADS * 10_000;

describe.each(PROGRAMS)('under a command: $name', (program) => {
  test.runIf(program.canRun).for(program.loads)(
    `${RELOADS} reloads go unnoticed under $name`,
    { timeout },
    async (kind) => reloadUnder(kind, program),
  );
});

test.runIf(hasPython)(
  `reloads go unnoticed by a program of HTTP/1.0, which ends each answer with its connection${WITHOUT_PYTHON}`,
  { timeout },
  async () => {
    const release = await Release.create(await fixture('programs/app.py'));
    const front = await startFront({
      args: ['--mode', 'http', '--cwd', `${release.folder}/current`, '--', 'python3', 'server.cjs'],
      env: { HTTP_VERSION: 'HTTP/1.0' },
    });
    const load = startLoad(FULL_SPEED, front.port);
    await load.tally.answeredBy('version', 1);
    await release.deploy(2);
    expect(await front.reload()).toMatchObject({ event: 'reload.done' });
    await load.tally.answeredBy('version', 2);
    const tally = await load.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    expect(tally.connections).toBe(FULL_SPEED.lanes);
  },
);

test('the http-proxy engine loses nothing either', { timeout }, async () => {
  await reloadUnder(FULL_SPEED, PROGRAMS[1]!, '--http-engine', 'http-proxy');
});
