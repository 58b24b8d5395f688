import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { zdlb as runZdlb } from '../kit/verb.ts';

/** What `zdlb …` prints in `folder`, and how it ends. */
const zdlb = async (folder: string, ...args: readonly string[]) => runZdlb(args, { cwd: folder });

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zdlb-check-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
  return folder;
}

describe('zdlb check', () => {
  test('says what would run, and starts nothing', async () => {
    const folder = await folderWith({
      'server.js': 'throw new Error("was started");',
      'zdlb.json': '{\n  // comments and trailing commas are allowed\n  "script": "server.js",\n}',
    });
    const { code, stdout } = await zdlb(folder, 'check', '--config', 'zdlb.json');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/valid.*server\.js/) as string });
  });

  test('names every mistake at once, each with what stands there and what would be right', async () => {
    const folder = await folderWith({ 'zdlb.json': '{ "workers": 0, "drainTimeout": 30, "scrpt": "server.js" }' });
    const { code, stderr } = await zdlb(folder, 'check', '--config', 'zdlb.json');
    expect(code).toBe(2);
    expect(stderr).toMatch(/workers in zdlb\.json: met 0, wanted a whole number/);
    expect(stderr).toMatch(/drainTimeout in zdlb\.json: met 30, wanted a duration/);
    expect(stderr).toMatch(/scrpt.*did you mean script\?/);
  });

  test('names the line where a file is no JSON', async () => {
    const folder = await folderWith({ 'zdlb.json': '{\n  "workers": 2\n  "port": 80\n}' });
    const { code, stderr } = await zdlb(folder, 'check', '--config', 'zdlb.json');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/line 3, column 3: comma expected/) as string,
    });
  });

  test('finds what is not there', async () => {
    const folder = await folderWith({ 'zdlb.json': '{ "script": "server.js" }' });
    const { code, stderr } = await zdlb(folder, 'check', '--config', 'zdlb.json');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/Cannot run server\.js: no such file/) as string,
    });
  });
});

describe('zdlb migrate', () => {
  const APP = `{ name: 'api', script: 'server.js', instances: 2, out_file: 'out.log' }`;

  test.each([
    ['ecosystem.config.cjs', `module.exports = { apps: [${APP}] };`],
    ['ecosystem.config.mjs', `export default { apps: [${APP}] };`],
    ['ecosystem.json', '{ "apps": [{ "name": "api", "script": "server.js", "instances": 2, "out_file": "out.log" }] }'],
    ['one.json', '{ "name": "api", "script": "server.js", "instances": 2, "out_file": "out.log" }'],
  ])('prints what zdlb takes, for %s', async (name, text) => {
    const folder = await folderWith({ [name]: text, 'server.js': '' });
    const { code, stdout } = await zdlb(folder, 'migrate', name);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}\/\/ out_file: /m);
    await writeFile(join(folder, 'zdlb.json'), stdout);
    expect(await zdlb(folder, 'check', '--config', 'zdlb.json')).toMatchObject({ code: 0 });
  });

  test.each([
    ['nothing', [], /Wanted zdlb migrate ecosystem\.config\.js/],
    ['a file that is not there', ['nowhere.cjs'], /Cannot read nowhere\.cjs/],
    ['a file without apps', ['empty.json'], /wanted \{ apps:/],
    ['several apps', ['two.json'], /choose one with --only, of one, two/],
    ['an app that is not among them', ['two.json', '--only', 'three'], /no app named three/],
  ])('%s is wrong usage', async (_, args, says) => {
    const two = '[{ "name": "one", "script": "a.js" }, { "name": "two", "script": "b.js" }]';
    const folder = await folderWith({ 'empty.json': '{}', 'two.json': two });
    const { code, stderr } = await zdlb(folder, 'migrate', ...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(says) as string });
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
