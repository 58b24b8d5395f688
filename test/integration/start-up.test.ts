import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const RUN = new URL('../../dist/cli/run.js', import.meta.url).href;
/** Each for those alone who want what it is there for. */
const LAZY = ['undici', 'prom-client', 'http-proxy', 'pino-pretty'];

/** Packages that are loaded behind an import; those of CommonJS, as all of these are, stand in one cache. */
async function loadedBy(module: string): Promise<ReadonlySet<string>> {
  const script = `import(${JSON.stringify(module)}).then(() => console.log(JSON.stringify(Object.keys(require.cache))))`;
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--eval', script], { cwd });
  const files = JSON.parse(stdout) as readonly string[];
  return new Set(files.map((file) => /.*\/node_modules\/([^/]+)\//.exec(file)?.[1] ?? ''));
}

test('a front starts without what only some need', async () => {
  const loaded = await loadedBy(RUN);
  expect(loaded).toContain('pino'); // or nothing would be seen
  expect(LAZY.filter((name) => loaded.has(name))).toEqual([]);
});
