import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { VERBS, carryOut } from '../../dist/cli/main.js';
import { PAGES } from './commands.ts';

const ALL = [...PAGES, 'ARCHITECTURE.md', 'CHANGELOG.md'];
const textOf = (page: string) => readFileSync(page, 'utf8');
/** Code may look like a link. */
const proseOf = (page: string) =>
  textOf(page)
    .replaceAll(/^```[^]*?^```/gm, '')
    .replaceAll(/`[^`]*`/g, 'code');

/** As GitHub makes them. */
const anchorsOf = (page: string) =>
  textOf(page)
    .split('\n')
    .filter((line) => /^#+ /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );

/** What a link of `page` says that is not there. */
function isDead(page: string, target: string): boolean {
  const [path, anchor] = target.split('#') as [string, string?];
  const file = path === '' ? page : join(dirname(page), path);
  return !existsSync(file) || (anchor !== undefined && !anchorsOf(file).includes(anchor));
}

test.each(ALL)('%s: its links lead somewhere', (page) => {
  const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  expect(targets.filter((target) => !/^[a-z]+:/.test(target) && isDead(page, target))).toEqual([]);
});

test('the README leads to every page of the docs, and has at most 200 lines', () => {
  const readme = textOf('README.md');
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(200);
  expect(PAGES.filter((page) => page !== 'README.md' && !readme.includes(`(${page}`))).toEqual([]);
});

/** What each verb says of itself. */
const helps = new Map<string, string>();

beforeAll(async () => {
  let printed = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  for (const verb of [...Object.keys(VERBS), 'help']) {
    printed = '';
    await carryOut(['help', ...(verb === 'help' ? [] : [verb])], () => false);
    helps.set(verb, printed);
  }
  spy.mockRestore();
});

/** Options of other programs that pages name. */
const OTHERS = /^--(?:init|stop-timeout|require|import|max-old-space-size|enable-source-maps)$/;

/** What is said in code in the middle of a sentence, and is no verb or option. */
function unknownOf(span: string): readonly string[] {
  const words = span.replace(/^npx /, '').split(/\s+/);
  const verb = words[0] === 'zdlb' && /^[a-z]+$/.test(words[1] ?? '') ? words[1]! : undefined;
  if (verb !== undefined && !helps.has(verb)) return [verb];
  const ownHelp = verb === undefined ? [...helps.values()].join('\n') : helps.get(verb)!;
  // Those of run, where they are that verb's too.
  const known = ownHelp.includes('[options') ? ownHelp + helps.get('run')! : ownHelp;
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  const named = own.flatMap((word) => /^--[a-z][a-z-]*/.exec(word) ?? []);
  return named.filter((flag) => !new RegExp(`${flag}(?![a-z-])`).test(known) && !OTHERS.test(flag));
}

// The bench has options of its own.
test.each(PAGES.filter((page) => page !== 'docs/benchmarks.md'))(
  '%s: zdlb has the verbs and options that it names',
  (page) => {
    const spans = [...textOf(page).matchAll(/`((?:npx )?zdlb [a-z][^`]*|--[a-z][^`]*)`/g)].map(([, span]) => span!);
    expect(spans.filter((span) => unknownOf(span).length > 0)).toEqual([]);
  },
);

test('zdlb --help tells of every verb, and so does docs/verbs.md', () => {
  const page = textOf('docs/verbs.md');
  const untold = Object.keys(VERBS).filter((verb) => {
    const isInHelp = new RegExp(`zdlb ${verb}\\b|zdlb \\[${verb}\\]`).test(helps.get('help')!);
    return !isInHelp || (verb !== 'run' && !page.includes(`zdlb ${verb}`));
  });
  expect(untold).toEqual([]);
});
