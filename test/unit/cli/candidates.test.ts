import { expect, test } from 'vitest';
import { candidatesFor } from '../../../src/cli/candidates.js';

const VERBS = ['run', 'start', 'init', 'migrate', 'reload', 'completion'];

async function offered(words: readonly string[]): Promise<readonly string[] | string> {
  const candidates = await candidatesFor(words, VERBS);
  return typeof candidates === 'string' ? candidates : candidates.filter((word) => word.startsWith(words.at(-1) ?? ''));
}

test.each([
  [['re'], ['reload']],
  [
    ['--mode', ''],
    ['auto', 'http', 'tcp'],
  ],
  [['start', '--max-mem'], ['--max-memory']],
  [['--max-memory', 'o'], ['off']],
  [['--wait-ready', '--balance', 'l'], ['least-connections']],
  [
    ['init', 'systemd', '--so'],
    ['--socket', '--socket-mode'],
  ],
  [['init', ''], ['systemd']],
  [['migrate', '--o'], ['--only']],
  [['migrate', 'ecosystem.config.js', '--e'], ['--env']],
  [
    ['completion', ''],
    ['bash', 'zsh'],
  ],
  [['help', 'mi'], ['migrate']],
])('%j may go on with %j', async (words, expected) => {
  expect(await offered(words)).toEqual(expected);
});

test.each([
  [['--config', '']],
  [['--env-file', '']],
  [['server.js', '--mod']], // what stands behind the script is the script's own
  [['--mode', 'http', 'server.js', '']],
  [['--port', '80', '--', 'python3', '--mod']],
  [['migrate', '']],
  [['reload', '']],
])('%j may go on with a file, as far as zdlb knows', async (words) => {
  expect(await offered(words)).toEqual([]);
});

test('a verb that talks to an instance knows its own options', async () => {
  expect(await offered(['reload', '--w'])).toBe('reload');
});
