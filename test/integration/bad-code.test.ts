import { expect, test } from 'vitest';
import { startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { startLoad } from '../kit/load.ts';
import { LIGHT } from '../kit/loads.ts';
import { fixture, Release } from '../kit/release.ts';

interface BadCode {
  readonly name: string;
  readonly code: string;
  /** What the log must say, in the reason or in the worker's last lines. */
  readonly says: RegExp;
}

const BAD_CODE: readonly BadCode[] = [
  {
    name: 'throws at import',
    code: "throw new Error('the database is gone');",
    says: /Error: the database is gone/,
  },
  {
    name: 'exits at once',
    code: "console.error('no licence found'); process.exit(7);",
    says: /no licence found[^]*\b7\b|\b7\b[^]*no licence found/,
  },
  { name: 'has a syntax error', code: 'const answer = ;', says: /SyntaxError: Unexpected token ';'/ },
  { name: 'never listens', code: 'setInterval(() => {}, 1000);', says: /not ready|ready in time|listen/i },
  {
    name: 'takes longer than --ready-timeout',
    code: "console.error('warming up'); setTimeout(() => require('node:http').createServer().listen(process.env.PORT), 60_000);",
    says: /4s[^]*warming up|warming up[^]*4s/,
  },
];

test.for(BAD_CODE)('code that $name never takes over, and good code does afterwards', async ({ code, says }) => {
  const release = await Release.create(await fixture('load-server.cjs'));
  const ledger = await Ledger.create();
  const front = await startFront({
    script: release.script,
    args: ['--ready-timeout', '4s'],
    env: { LEDGER: ledger.path },
  });
  const load = startLoad(LIGHT, front.port);
  await load.tally.answeredBy('version', 1);

  await release.overwrite(2, code);
  const failed = await front.reload();
  expect(failed.event).toBe('reload.failed');
  expect([failed['reason'], failed['lastLines']].flat().join('\n')).toMatch(says);
  expect([...load.tally.versions]).toEqual(['1']);

  await release.overwrite(3);
  expect(await front.reload()).toMatchObject({ event: 'reload.done' });
  await load.tally.answeredBy('version', 3);

  const tally = await load.stop();
  await front.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(tally.connections).toBe(LIGHT.lanes);
  expect(await ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
});
