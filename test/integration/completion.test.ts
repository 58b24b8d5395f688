import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { BIN } from '../kit/bin.ts';
import { temporaryFolder } from '../kit/folder.ts';
import { startFront } from '../kit/front.ts';
import { zdlb } from '../kit/verb.ts';

const SERVER = fileURLToPath(new URL('../fixtures/load-server.cjs', import.meta.url));

const has = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;
const hasBash = has('bash') && spawnSync('bash', ['-c', 'mapfile -t x < /dev/null']).status === 0;
const hasZsh = has('zsh');
const without = (isThere: boolean, shell: string) => (isThere ? '' : ` (left out: there is no ${shell} here)`);

/** What bash offers when Tab is hit behind the last word of each of `lines`. */
async function offered(lines: readonly string[], home: string): Promise<readonly string[]> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'zdlb'), `#!/bin/sh\nexec '${process.execPath}' '${BIN.join("' '")}' "$@"\n`);
  chmodSync(join(folder, 'zdlb'), 0o755);
  const script = `
    source <(zdlb completion bash)
    complete=$(complete -p zdlb | grep -o -- '-F [^ ]*' | cut -c4-)
    for line in "$@"; do
      COMP_WORDS=($line) COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
      $complete
      echo "\${COMPREPLY[*]}"
    done`;
  const env = { PATH: `${folder}${delimiter}${process.env['PATH']}`, HOME: process.env['HOME'], ZDLB_HOME: home };
  const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', ...lines], { env });
  return stdout.trimEnd().split('\n');
}

test.runIf(hasBash)(
  `bash completes verbs, options, values and the names of instances${without(hasBash, 'bash 4')}`,
  async () => {
    const front = await startFront({ script: SERVER, args: ['--name', 'shop', '--workers', '1'] });
    const lines = ['zdlb st', 'zdlb run --balance = s', 'zdlb reload --wa', 'zdlb status --name s'];
    expect(await offered(lines, front.home)).toEqual(['start status stop', 'source-hash', '--wait-retired', 'shop']);
  },
);

test.runIf(hasZsh)(`zsh understands its script${without(hasZsh, 'zsh')}`, async () => {
  const { stdout } = await zdlb(['completion', 'zsh']);
  expect(spawnSync('zsh', ['-n'], { input: stdout }).status).toBe(0);
});

test('zsh gets a script of its own, and other shells a plain refusal', async () => {
  expect((await zdlb(['completion', 'zsh'])).stdout).toMatch(/^#compdef zdlb\n/);
  expect(await zdlb(['completion', 'fish'])).toMatchObject({ code: 2, stdout: '' });
});
