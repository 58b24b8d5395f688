import { describe, expect, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { type Front, spawnFront, startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { startLoad } from '../kit/load.ts';
import { LIGHT } from '../kit/loads.ts';
import { leftAfter } from '../kit/process.ts';
import { fixture, Release } from '../kit/release.ts';

/** Code that never becomes ready. */
interface BadCode {
  readonly name: string;
  /** A program of test/fixtures/failing, or the code itself. */
  readonly program: string | { readonly code: string };
  /** What the log must say, in the reason or in the worker's last lines. */
  readonly says: RegExp;
}

const BAD_CODE: readonly BadCode[] = [
  { name: 'throws at import', program: 'throws-at-import.cjs', says: /code 1 .*Error: the database is gone/ },
  { name: 'rejects at top level', program: 'rejects-at-top-level.mjs', says: /code 1 .*Error: the database is gone/ },
  {
    name: 'throws behind its listen(), as a module',
    program: 'throws-behind-listen.mjs',
    says: /code 1 before it was ready.*Error: the database is gone/,
  },
  { name: 'exits 0 at once', program: 'exits-at-once.cjs', says: /exited with code 0 before it was ready/ },
  {
    name: 'exits 7 with a last word',
    program: { code: "console.error('no licence found'); process.exit(7);" },
    says: /exited with code 7 .*no licence found/,
  },
  {
    name: 'has a syntax error',
    program: { code: 'const answer = ;' },
    says: /SyntaxError: Unexpected token ';'/,
  },
  {
    name: 'throws behind its listen()',
    program: { code: "require('node:net').createServer().listen(process.env.PORT); throw new Error('no licence');" },
    says: /code 1 before it was ready: Error: no licence/,
  },
  {
    name: 'throws as soon as it listens',
    program: {
      code: "require('node:net').createServer().listen(process.env.PORT, () => { throw new Error('no licence'); });",
    },
    says: /code 1 before it was ready: Error: no licence/,
  },
  { name: 'never listens', program: 'never-listens.cjs', says: /not ready within 3s[^]*waiting for the database/ },
  {
    name: 'needs longer than --ready-timeout',
    program: 'slow-to-start.cjs',
    says: /not ready within 3s[^]*warming up/,
  },
  {
    name: 'blocks its event loop for ever',
    program: 'blocks-at-start.cjs',
    says: /not ready within 3s[^]*counting to infinity/,
  },
  { name: 'floods its output and never listens', program: 'floods-at-start.cjs', says: /not ready within 3s/ },
];

const ARGS = ['--ready-timeout', '3s', '--kill-timeout', '500ms'];

async function deploy(release: Release, version: number, { program }: BadCode): Promise<void> {
  if (typeof program === 'string') await release.deployFixture(`failing/${program}`);
  else await release.deploy(version, program.code);
}

/** The pids of all workers that the log knows to have ended. */
function ended(front: Front): number[] {
  return front.entries.filter(({ event }) => event === 'worker.exited').map(({ pid }) => Number(pid));
}

describe.each(BAD_CODE)('code that $name', (bad) => {
  test('never takes over: the old code serves on, nothing is lost, and good code takes over afterwards', async () => {
    const release = await Release.create(await fixture('load-server.cjs'));
    const ledger = await Ledger.create();
    const front = await startFront({ script: release.script, args: ARGS, env: { LEDGER: ledger.path } });
    const load = startLoad(LIGHT, front.port);
    await load.tally.answeredBy('version', 1);

    await deploy(release, 2, bad);
    const failed = await front.reload();
    expect(failed.event).toBe('reload.failed');
    expect([failed['reason'], failed['lastLines']].flat().join('\n')).toMatch(bad.says);
    expect([...load.tally.versions]).toEqual(['1']);
    expect(ended(front)).toHaveLength(2);
    expect(await leftAfter(1_000, ended(front))).toEqual([]);

    await release.deploy(3);
    expect(await front.reload()).toMatchObject({ event: 'reload.done' });
    await load.tally.answeredBy('version', 3);

    const tally = await load.stop();
    await front.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    expect(tally.connections).toBe(LIGHT.lanes);
    expect(await ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
  });
});

/** Those that fail by time alone all end a start the same way. */
const ENDING_A_START = BAD_CODE.filter(
  ({ name, says }) => name === 'never listens' || !says.source.includes('not ready within'),
);

describe.each(ENDING_A_START)('code that $name', (bad) => {
  test('ends the first start with exit code 3, its own last words, and no process left', async () => {
    const release = await Release.create(await fixture('load-server.cjs'));
    await deploy(release, 2, bad);
    const port = String(await freePort());
    const front = spawnFront({ script: release.script, args: ['--port', port, '--workers', '2', ...ARGS] });
    expect(await front.exited).toEqual({ code: 3, signal: null });
    const output = front.entries.filter(({ event }) => event === 'worker.output').map(({ msg }) => msg);
    expect([front.stderr, ...output].join('\n')).toMatch(bad.says);
    expect(ended(front)).toHaveLength(2);
    expect(await leftAfter(1_000, ended(front))).toEqual([]);
  });
});
