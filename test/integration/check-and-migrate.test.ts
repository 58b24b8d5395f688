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

  test('names keys that stand there twice, and takes __proto__ for one like others', async () => {
    const folder = await folderWith({
      'zdlb.json': '{\n  "port": 1, "__proto__": {},\n  "port": 2, "workers": 0,\n  "env": { "A": 1, "A": 2 } }',
    });
    const { code, stderr } = await zdlb(folder, 'check', '--config', 'zdlb.json');
    expect(code).toBe(2);
    expect(stderr).toMatch(/port in zdlb\.json stands there twice: line 3, column 3/);
    expect(stderr).toMatch(/A in zdlb\.json stands there twice: line 4, column 20/);
    expect(stderr).toMatch(/Unknown option __proto__ in zdlb\.json/);
    expect(stderr).toMatch(/workers in zdlb\.json: met 0/);
  });

  test('names the line where a file is no JSON', async () => {
    const folder = await folderWith({ 'zdlb.json': '{\n  "workers": 2\n  "port": 80\n}' });
    const { code, stderr } = await zdlb(folder, 'check', '--config', 'zdlb.json');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/line 3, column 3: comma expected/) as string,
    });
  });

  test('names one mistake for each place in a file that breaks off', async () => {
    const folder = await folderWith({ 'zdlb.json': '{ "script": "server.js", ' });
    const { stderr } = await zdlb(folder, 'check', '--config', 'zdlb.json');
    expect(stderr).toMatch(/zdlb\.json: line 1, column 26: property name expected\n$/);
  });

  test('says of a folder that it is one', async () => {
    const folder = await folderWith({ 'server.js': '' });
    const config = await zdlb(folder, 'check', '--config', '.');
    expect(config).toMatchObject({ code: 2, stderr: 'zdlb: Cannot read the configuration .: it is a folder\n' });
    const { stderr } = await zdlb(folder, 'check', '--env-file', '.', 'server.js');
    expect(stderr).toMatch(/^zdlb: Cannot read the environment file .*: it is a folder\n$/);
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
    const { code, stdout, stderr } = await zdlb(folder, 'migrate', name);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'zdlb: A comment says what to do about out_file\n' });
    expect(stdout).toMatch(/^ {2}\/\/ out_file: /m);
    await writeFile(join(folder, 'zdlb.json'), stdout);
    expect(await zdlb(folder, 'check', '--config', 'zdlb.json')).toMatchObject({ code: 0 });
  });

  test.each([
    ['a function', 'a.cjs', `module.exports = () => ({ apps: [${APP}] });`],
    ['a promise', 'a.cjs', `module.exports = Promise.resolve({ apps: [${APP}] });`],
    ['an asynchronous function', 'a.mjs', `export default async () => ({ apps: [${APP}] });`],
    ['its apps by name', 'a.mjs', `export const apps = [${APP}];`],
    ['a list, after it has printed something', 'a.cjs', `console.log('hello'); module.exports = [${APP}];`],
  ])('takes a module that exports %s', async (_, name, text) => {
    const folder = await folderWith({ [name]: text, 'server.js': '' });
    const { code, stdout } = await zdlb(folder, 'migrate', name);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\/\/ Made from[^]*"name": "api"/) as string,
    });
  });

  test('takes the environment that --env names, as pm2 start does, and says each thing once', async () => {
    const app = `{
      name: 'api', script: 'server.js', error_file: 'e.log', out_file: 'o.log',
      env: { PORT: 3000, A: 1, B: 1 }, env_production: { PORT: 80, B: 2 } }`;
    const folder = await folderWith({ 'e.cjs': `module.exports = { apps: [${app}], deploy: {} }`, 'server.js': '' });
    const { stdout } = await zdlb(folder, 'migrate', 'e.cjs', '--env', 'production');
    expect(stdout).toMatch(/"port": 80/);
    expect(stdout).toMatch(/"env": \{\s+"A": "1",\s+"B": "2"\s+\}/);
    expect(stdout).toMatch(/\/\/ error_file, out_file: /);
    expect(stdout).toMatch(/\/\/ deploy: /);
    expect((await zdlb(folder, 'migrate', 'e.cjs')).stdout).toMatch(/"port": 3000[^]*/);
    const other = await zdlb(folder, 'migrate', 'e.cjs', '--env', 'staging');
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no env_staging, but env_production/) as string,
    });
  });

  test.each([
    ['code that throws', 'a.cjs', '\nmodule.exports = undefined.apps;', /reading 'apps'\) \(line 2\)/],
    ['code that does not parse', 'a.cjs', 'module.exports = { a b };', /Unexpected identifier.*\(line 1\)/],
    ['code that ends the process', 'a.cjs', 'process.exit(0);', /called process\.exit/],
    ['YAML', 'a.yml', 'apps: []', /ends in \.js.*as JSON/],
    ['an app without a script', 'a.json', '{ "apps": [{ "name": "api" }] }', /met \{"name":"api"\}, wanted/],
  ])('%s is told in a line', async (_, name, text, says) => {
    const { code, stderr } = await zdlb(await folderWith({ [name]: text }), 'migrate', name);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(says) as string });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test.each([
    ['nothing', [], /Wanted zdlb migrate ecosystem\.config\.js/],
    ['a file that is not there', ['nowhere.cjs'], /Cannot read nowhere\.cjs/],
    ['a file without apps', ['empty.json'], /wanted \{ apps:/],
    ['several apps', ['two.json'], /Cannot migrate two\.json: it has 2 apps, .*Choose one with --only, of one, two/],
    ['an app that is not among them', ['two.json', '--only', 'three'], /no app named three/],
  ])('%s is wrong usage', async (_, args, says) => {
    const two = '[{ "name": "one", "script": "a.js" }, { "name": "two", "script": "b.js" }]';
    const folder = await folderWith({ 'empty.json': '{}', 'two.json': two });
    const { code, stderr } = await zdlb(folder, 'migrate', ...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(says) as string });
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
