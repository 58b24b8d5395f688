import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parseCommandLine, readConfig } from '../../src/cli/options.js';
import { words } from '../../src/core/values.js';
import { PAGES, blocksOf, commandsOf } from './commands.ts';
import { EXPECTED, LEFT_OUT } from './expectations.ts';
import { Scene, isServing } from './scene.ts';

/** Pages whose commands `npm test` runs; those of the others are run by `npm run test:matrix`. */
const EVERY_TIME: ReadonlySet<string> = new Set(['README.md', 'docs/verbs.md', 'docs/from-pm2.md']);
const IS_MATRIX = process.env['ZDLB_TEST_DOCS'] === 'all';
const PAGE_MS = 120_000;

const all = PAGES.flatMap((page) => commandsOf(page));
const isLeftOut = (text: string) => Object.hasOwn(LEFT_OUT, text);
const isThere = (program: string) =>
  spawnSync('sh', ['-c', `command -v ${program} || test -e ${program}`]).status === 0;

const HINT = `
Should it end otherwise than with 0, or go on for ever, say so in EXPECTED of test/docs/expectations.ts; should a test be unable to run it
(root, systemd, docker, the registry), put it into LEFT_OUT there, with the reason. What is no command at all goes into a fenced block
with its language (text, ini, yaml, json …): indented blocks and those in sh or console are run.`;

test.for(PAGES.filter((page) => commandsOf(page).length > 0))(
  '%s: each command does what the page says',
  { timeout: PAGE_MS },
  async (page, { skip }) => {
    if (!IS_MATRIX && !EVERY_TIME.has(page)) skip('run by npm run test:matrix');
    const scene = await Scene.open();
    try {
      for (const command of commandsOf(page)) {
        const expectation = EXPECTED[command.text];
        if (isLeftOut(command.text) || (expectation?.needs !== undefined && !isThere(expectation.needs))) continue;
        const wrong = await scene.type(command, expectation);
        expect.soft(wrong, `${page}:${command.line}: ${command.text}${HINT}`).toBeUndefined();
      }
      expect(await scene.leave()).toBeUndefined();
    } finally {
      await scene.close();
    }
  },
);

test.each(all.filter((command) => isServing(command)))('$page:$line: $text: zdlb takes these options', ({ text }) => {
  const [variables, options] = /^((?:[A-Z_]+=\S* )*)(?:npx )?zdlb (.*)$/.exec(text)!.slice(1) as [string, string];
  const environment = Object.fromEntries(words(variables).map((word) => word.split('=') as [string, string]));
  const line = parseCommandLine(words(options.replace(/^run /, '')));
  if ('print' in line) throw new Error(`Met ${text}, wanted a command line that runs something`);
  if (line.configFile === undefined) readConfig(line, environment);
});

describe('the tables of test/docs/expectations.ts', () => {
  test.each([...Object.keys(EXPECTED), ...Object.keys(LEFT_OUT)])('name what stands in the docs: %s', (text) => {
    expect(all.map((command) => command.text)).toContain(text);
  });
});

test('each fenced block says in what language it is', () => {
  const untold = PAGES.flatMap((page) => blocksOf(page)).filter(({ language }) => language === '');
  expect(untold.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
});
